import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ComponentSettings, startComponent } from '../../controlplane/component.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { API_ADDRESS, CLUSTER_DOMAIN } from './addresses.ts';

/** One line for each Service, as in /etc/hosts. */
const HOSTS = `jsonpath={range .items[*]}{.spec.clusterIP} {.metadata.name}.{.metadata.namespace}.svc{"\\n"}{end}`;

/**
 * Starts a DNS server for the names of Services. Resolves to a function that publishes all Services that
 * exist by then.
 */
export async function startNames(
  { kubectl }: ControlPlane,
  common: Omit<ComponentSettings, 'binary' | 'args' | 'isReady'>,
): Promise<() => Promise<void>> {
  const hosts = join(common.folder, 'names');
  await mkdir(hosts);
  await startComponent({
    ...common,
    binary: 'dnsmasq',
    args: [
      '--keep-in-foreground',
      '--user=root',
      '--pid-file=',
      '--conf-file=/dev/null',
      '--log-facility=-',
      '--no-resolv',
      '--no-hosts',
      `--listen-address=${API_ADDRESS}`,
      '--bind-interfaces',
      // Names that pods try first, because of their search list, and that do not exist.
      ...['svc', CLUSTER_DOMAIN].map((domain) => `--local=/${domain}/`),
      `--hostsdir=${hosts}`, // the program watches it
    ],
    isReady: () => Promise.resolve(true), // pods that use it show that it answers
  });
  return async () => {
    const { stdout } = await kubectl(['get', 'services', '--all-namespaces', '-o', HOSTS]);
    await writeFile(join(hosts, 'services'), stdout);
  };
}
