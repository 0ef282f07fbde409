import { issueCertificate } from '../../src/certificates/issue-certificate.ts';
import { NAMESPACE } from './scene.ts';
import { replaceReplicas, whenServed, type Change, type Stand } from './stand.ts';

const DAY_MS = 86_400_000;

/** Changes of a self-issued certificate to another self-issued one. */
export const OWN_CHANGES: readonly Change[] = [
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
    title: 'an admin takes the certificate out of the Secret',
    make: (stand) => whenServed(stand, () => patchSecret(stand, '{"data":{"tls.crt":null}}')),
  },
  {
    title: 'an admin takes CA and certificate out of the Secret',
    make: (stand) => whenServed(stand, () => patchSecret(stand, '{"data":null}')),
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
];

async function patchSecret({ scene }: Stand, patch: string): Promise<void> {
  const secret = ['secret', 'jwt-injector-tls', '-n', NAMESPACE];
  await scene.cluster.kubectl(['patch', ...secret, '--type=merge', '-p', patch]);
}

function issue(request: Pick<Parameters<typeof issueCertificate>[0], 'signer' | 'now'>) {
  return issueCertificate({ ...request, retired: [], hosts: ['127.0.0.1'], namespace: NAMESPACE });
}
