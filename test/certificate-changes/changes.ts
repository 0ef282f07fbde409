import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { issueCertificate } from '../../src/certificates/issue-certificate.ts';
import { certsCommand } from '../../src/commands/certs.ts';
import { askApi } from '../controlplane/api-request.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import type { Service } from '../controlplane/service.ts';
import { callAs } from '../integration/cli-run.ts';
import { execute } from '../runs/execute.ts';
import { NAMESPACE, type Scene } from './scene.ts';
import { replaceServed } from './served.ts';

/** One kind of change of the certificate, made while pods are created. */
export interface Change {
  readonly title: string;
  /** Resolves when every replica serves with what it should. */
  readonly make: (stand: Stand) => Promise<void>;
}

/** The scene with its two replicas. */
export interface Stand {
  readonly scene: Scene;
  replicas: readonly Service[];
}

const DAY_MS = 86_400_000;
const SCRIPT = join(import.meta.dirname, '../../certs/make-dev-certs.sh');
/** Both wait 30 s and more for the API servers, on a machine that may have other work. */
const SERVED_WITHIN_MS = 180_000;
/** A mounted Secret follows the Secret itself after up to 84 s on a real node. */
const KUBELET_MS = 20_000;

/** In this order: each begins with what the one before it left. */
export const CHANGES: readonly Change[] = [
  {
    title: 'a second replica joins',
    make: async (stand) => {
      stand.replicas = [...stand.replicas, await stand.scene.startReplica()];
    },
  },
  {
    title: 'the certificate is at half of its life',
    make: (stand) =>
      whenServed(stand, async () => {
        const signer = await stand.scene.readOwnSecret();
        await stand.scene.replaceSecret(await issue({ signer, now: Date.now() - 20 * DAY_MS }));
      }),
  },
  {
    title: 'the CA has to be replaced',
    make: (stand) => whenServed(stand, () => stand.scene.replaceSecret({ 'ca.key': '' })),
  },
  {
    title: 'the Secret is deleted',
    make: (stand) => whenServed(stand, () => stand.scene.deleteSecret()),
  },
  {
    title: 'an expired pair is put back from a backup',
    make: (stand) =>
      whenServed(stand, async () =>
        stand.scene.replaceSecret(await issue({ signer: undefined, now: Date.now() - 500 * DAY_MS })),
      ),
  },
  {
    title: 'a pair of another CA is put back from a backup of ten days ago',
    make: (stand) =>
      whenServed(stand, async () =>
        stand.scene.replaceSecret(await issue({ signer: undefined, now: Date.now() - 10 * DAY_MS })),
      ),
  },
  {
    title: 'one replica after the other is replaced, with SIGTERM',
    make: (stand) => replaceReplicas(stand, []),
  },
  {
    title: 'from self-issued to files',
    make: async (stand) => {
      const authority = await createCertificateAuthority('an admin');
      const pair = await authority.issue(['jwt-injector'], ['127.0.0.1']);
      const folder = join(stand.scene.cluster.folder, 'admin');
      const args = await writePair(folder, pair.certificate, pair.key);
      const file = join(folder, 'ca.crt');
      await writeFile(file, authority.certificate);
      await trust(stand, file);
      await replaceReplicas(stand, args);
      await trust(stand, file, '--alone');
    },
  },
  { title: 'from files to self-issued', make: (stand) => replaceReplicas(stand, []) },
  { title: 'make-dev-certs.sh --apply with a new CA', make: makeDevCertificates },
];

/** As an administrator does. */
async function trust({ scene }: Stand, ...args: readonly string[]): Promise<void> {
  const printed: string[] = [];
  const { code } = await callAs(scene.cluster.adminKubeconfig, printed).run(certsCommand, 'trust', ...args);
  if (code !== 0) throw new Error(`certs trust ended with ${code}: ${printed.join('')}`);
}

function issue(request: Pick<Parameters<typeof issueCertificate>[0], 'signer' | 'now'>) {
  return issueCertificate({ ...request, retired: [], hosts: ['127.0.0.1'], namespace: NAMESPACE });
}

function whenServed({ replicas }: Stand, change: () => Promise<void>): Promise<void> {
  return replaceServed(replicas, change, SERVED_WITHIN_MS);
}

/** As a Deployment does with maxUnavailable 0: a new one is ready before an old one goes. */
async function replaceReplicas(stand: Stand, args: readonly string[]): Promise<void> {
  const replicas: Service[] = [];
  for (const old of stand.replicas) {
    replicas.push(await stand.scene.startReplica(args));
    const code = await stand.scene.stopReplica(old);
    if (code !== 0) throw new Error(`a replica ended with ${code} after SIGTERM`);
  }
  stand.replicas = replicas;
}

async function makeDevCertificates(stand: Stand): Promise<void> {
  const { cluster } = stand.scene;
  const mounted = join(cluster.folder, 'mounted');
  const run = (out: string, ...more: readonly string[]) =>
    execute(SCRIPT, ['--out', join(cluster.folder, out), '--ip', '127.0.0.1', ...more], {
      env: {
        ...process.env,
        PATH: [dirname(cluster.kubectlPath), process.env['PATH']].join(delimiter),
        KUBECONFIG: cluster.adminKubeconfig,
        HOME: cluster.folder,
      },
    });
  const mount = async (): Promise<readonly string[]> => {
    const answer = await askApi(cluster.access, 'GET', `/api/v1/namespaces/${NAMESPACE}/secrets/dev-tls`);
    const { data } = JSON.parse(answer.body) as { readonly data: Readonly<Record<string, string>> };
    const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
    return writePair(mounted, text('tls.crt'), text('tls.key'));
  };
  await run('first-ca', '--secret', 'dev-tls', '--apply');
  await replaceReplicas(stand, await mount());
  await run('second-ca');
  const before = await readFile(join(mounted, 'tls.crt'), 'utf8');
  await whenServed(stand, async () => {
    await run('second-ca', '--secret', 'dev-tls', '--apply');
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, KUBELET_MS);
    await promise;
    await mount();
  });
  if ((await readFile(join(mounted, 'tls.crt'), 'utf8')) === before)
    throw new Error('make-dev-certs.sh made no new certificate');
}

async function writePair(folder: string, cert: string, key: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
  return [`--tls-cert-file=${certFile}`, `--tls-key-file=${keyFile}`];
}
