import { findIssuer } from '../../src/certificates/ca-bundle.ts';
import { readCertificate, readCertificates } from '../../src/certificates/read-certificates.ts';
import { createCertificateAuthority, type CertificateAuthority } from '../controlplane/certificates.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { goToFiles } from './file-changes.ts';
import { waitForBundles } from './scene.ts';
import {
  goBackToSelfIssued,
  mountSecret,
  readSecretTexts,
  replaceReplicas,
  trust,
  whenServed,
  type Change,
  type Mount,
  type Stand,
} from './stand.ts';

/** The Secret into which cert-manager issues. */
const SECRET = 'jwt-injector-cert-manager';
const ISSUED_WITHIN_MS = 60_000;
/** The chart's own issuer, and another one. */
const [OWN_ISSUER, NEW_ISSUER] = ['jwt-injector', 'new-issuer'];

/** The changes of section "cert-manager" of docs/certificates.md. */
export function listCertManagerChanges(): readonly Change[] {
  let mount: Mount;
  return [
    {
      title: 'cert-manager issues a certificate, and back to self-issued',
      make: async (stand) => {
        await haveIssued(stand);
        await goBackToSelfIssued(stand);
      },
    },
    {
      title: 'pods serve with it, and back to self-issued',
      make: async (stand) => {
        await haveIssued(stand);
        await serve(stand);
        await goBackToSelfIssued(stand);
      },
    },
    {
      title: 'from self-issued to cert-manager, in its three steps',
      make: async (stand) => {
        await haveIssued(stand);
        mount = await serve(stand);
        await complete(stand);
      },
    },
    {
      title: 'cert-manager renews its certificate',
      make: (stand) =>
        whenServed(stand, async () => {
          // Like a renewal, deleting the Secret makes cert-manager issue a new one.
          const { 'tls.crt': before } = await readSecretTexts(stand, SECRET);
          await stand.scene.cluster.kubectl(['delete', 'secret', SECRET, '-n', 'jwt-injector']);
          await waitForIssued(stand, OWN_ISSUER, before);
          await mount.follow();
        }),
    },
    {
      title: 'cert-manager has another issuer',
      make: async (stand) => {
        const authority = await createCertificateAuthority(NEW_ISSUER);
        stand.certManager.authorities.set(NEW_ISSUER, authority);
        await stand.chart.upgrade({ mode: 'cert-manager', takeOver: 'serve' });
        await trust(stand, authority.certificate);
        const issuerRef = { name: NEW_ISSUER };
        await stand.chart.upgrade({ mode: 'cert-manager', takeOver: 'serve', issuerRef });
        await waitForIssued(stand, NEW_ISSUER);
        await replaceReplicas(stand, (await mountSecret(stand, SECRET)).args);
        await stand.chart.upgrade({ mode: 'cert-manager', takeOver: 'complete', issuerRef });
        await waitForAlone(stand, authority);
      },
    },
    { title: 'from cert-manager to self-issued', make: goBackToSelfIssued },
    {
      title: 'from files to cert-manager, and back to self-issued',
      make: async (stand) => {
        await goToFiles(stand, await createCertificateAuthority('an admin before cert-manager'));
        await takeOverFromFiles(stand);
        await goBackToSelfIssued(stand);
      },
    },
  ];
}

/** The first step: cert-manager issues a certificate that is not used yet, and its CA is trusted. */
async function haveIssued(stand: Stand): Promise<void> {
  await stand.chart.upgrade({ mode: 'cert-manager', takeOver: 'issue' });
  await waitForIssued(stand, OWN_ISSUER);
  const { 'ca.crt': ca = '' } = await readSecretTexts(stand, SECRET);
  await trust(stand, ca);
}

/** The second step: new replicas serve with this certificate. */
async function serve(stand: Stand): Promise<Mount> {
  await stand.chart.upgrade({ mode: 'cert-manager', takeOver: 'serve' });
  const mount = await mountSecret(stand, SECRET);
  await replaceReplicas(stand, mount.args);
  return mount;
}

/** The third step: cert-manager maintains `caBundle`. */
async function complete(stand: Stand): Promise<void> {
  await stand.chart.upgrade({ mode: 'cert-manager', takeOver: 'complete' });
  await waitForAlone(stand, authorityOf(stand, OWN_ISSUER));
}

/** The three steps from a certificate in files, by way of a self-issued one. */
export async function takeOverFromFiles(stand: Stand): Promise<void> {
  await haveIssued(stand);
  await replaceReplicas(stand, []);
  await serve(stand);
  await complete(stand);
}

/** Waits for a certificate, if `before` is given for another one than that. */
async function waitForIssued(stand: Stand, issuer: string, before?: string): Promise<void> {
  const authorities = readCertificates(authorityOf(stand, issuer).certificate);
  await waitUntil(`a certificate of ${issuer}`, ISSUED_WITHIN_MS, async () => {
    const { 'tls.crt': text = '' } = await readSecretTexts(stand, SECRET);
    const leaf = readCertificate(text);
    return text !== before && leaf !== undefined && findIssuer(leaf, authorities) !== undefined;
  });
}

function waitForAlone({ scene }: Stand, { certificate }: CertificateAuthority): Promise<void> {
  return waitForBundles(scene, 'nothing but that of cert-manager', (bundle) => bundle === certificate);
}

function authorityOf({ certManager }: Stand, issuer: string): CertificateAuthority {
  const authority = certManager.authorities.get(issuer);
  if (authority === undefined) throw new Error(`there is no issuer ${issuer}`);
  return authority;
}
