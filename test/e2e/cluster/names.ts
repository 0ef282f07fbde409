import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ComponentSettings, startComponent } from '../../controlplane/component.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { API_ADDRESS, CLUSTER_DOMAIN } from './addresses.ts';

/** One line for each Service, as in /etc/hosts. */
const HOSTS = `jsonpath={range .items[*]}{.spec.clusterIP} {.metadata.name}.{.metadata.namespace}.svc{"\\n"}{end}`;

/** Starts what pods ask for names of Services. Resolves to a function that has it know all Services that there are by then. */
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
      // What pods try first, by their search list, does not exist.
      ...['svc', CLUSTER_DOMAIN].map((domain) => `--local=/${domain}/`),
      `--hostsdir=${hosts}`, // is watched
    ],
    isReady: () => Promise.resolve(true), // that it answers is seen by pods that ask
  });
  return async () => {
    const { stdout } = await kubectl(['get', 'services', '--all-namespaces', '-o', HOSTS]);
    await writeFile(join(hosts, 'services'), stdout);
  };
}
