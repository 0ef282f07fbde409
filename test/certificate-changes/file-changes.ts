import { stringify } from 'yaml';
import { createCertificateAuthority, type CertificateAuthority } from '../controlplane/certificates.ts';
import { NAMESPACE } from './scene.ts';
import {
  goBackToSelfIssued,
  mountSecret,
  replaceReplicas,
  trust,
  whenServed,
  type Change,
  type Mount,
  type Stand,
} from './stand.ts';

/** The admin's Secret, as docs/certificates.md names it. */
const SECRET = 'my-certificate';

/** A certificate from files, which the admin maintains; `certs trust` writes its CA into `caBundle`. */
export function listFileChanges(): readonly Change[] {
  let authority: CertificateAuthority;
  let mount: Mount;
  return [
    {
      title: 'from self-issued to files',
      make: async (stand) => {
        authority = await createCertificateAuthority('an admin');
        mount = await goToFiles(stand, authority);
      },
    },
    {
      title: 'files: a new certificate of the same CA',
      make: (stand) =>
        whenServed(stand, async () => {
          await writeSecret(stand, authority);
          await mount.follow();
        }),
    },
    {
      title: 'files: a new CA',
      make: async (stand) => {
        const next = await createCertificateAuthority('the next admin');
        await trust(stand, next.certificate);
        await serveOf(stand, next);
        await trust(stand, next.certificate, '--alone');
      },
    },
    { title: 'from files to self-issued', make: goBackToSelfIssued },
  ];
}

/** Follows section "From files" of docs/certificates.md, when another kind of certificate is in use. */
export async function goToFiles(stand: Stand, authority: CertificateAuthority): Promise<Mount> {
  await writeSecret(stand, authority);
  await trust(stand, authority.certificate);
  await stand.chart.upgrade({ mode: 'files', secretName: SECRET });
  const mount = await mountSecret(stand, SECRET);
  await replaceReplicas(stand, mount.args);
  await trust(stand, authority.certificate, '--alone');
  return mount;
}

/** Starts new replicas with a certificate of `authority`, which must already be trusted. */
export async function serveOf(stand: Stand, authority: CertificateAuthority): Promise<void> {
  await writeSecret(stand, authority);
  await replaceReplicas(stand, (await mountSecret(stand, SECRET)).args);
}

async function writeSecret({ scene }: Stand, authority: CertificateAuthority): Promise<void> {
  const { certificate, key } = await authority.issue(['jwt-injector.jwt-injector.svc'], ['127.0.0.1']);
  await scene.cluster.apply(
    stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: SECRET, namespace: NAMESPACE },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': certificate, 'tls.key': key },
    }),
  );
}
