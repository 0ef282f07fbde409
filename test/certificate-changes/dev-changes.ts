import { delimiter, dirname, join } from 'node:path';
import { execute } from '../runs/execute.ts';
import { mountSecret, replaceReplicas, whenServed, type Change, type Stand } from './stand.ts';

const SCRIPT = join(import.meta.dirname, '../../certs/make-dev-certs.sh');

/** Changes with the script for development. At the end the certificate is read from files. */
export const DEV_CHANGES: readonly Change[] = [
  { title: 'make-dev-certs.sh --apply with a new CA', make: makeDevCertificates },
];

async function makeDevCertificates(stand: Stand): Promise<void> {
  const { cluster } = stand.scene;
  const run = (out: string, ...more: readonly string[]) =>
    execute(SCRIPT, ['--out', join(cluster.folder, out), '--ip', '127.0.0.1', ...more], {
      env: {
        ...process.env,
        PATH: [dirname(cluster.kubectlPath), process.env['PATH']].join(delimiter),
        KUBECONFIG: cluster.adminKubeconfig,
        HOME: cluster.folder,
      },
    });
  await run('first-ca', '--secret', 'dev-tls', '--apply');
  const mount = await mountSecret(stand, 'dev-tls');
  await replaceReplicas(stand, mount.args);
  await run('second-ca');
  await whenServed(stand, async () => {
    await run('second-ca', '--secret', 'dev-tls', '--apply');
    await mount.follow();
  });
}
