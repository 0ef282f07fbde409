import { createCertificateAuthority, type CertificateAuthority } from '../controlplane/certificates.ts';
import { takeOverFromFiles } from './cert-manager-changes.ts';
import { goToFiles, serveOf } from './file-changes.ts';
import { goBackToSelfIssued, trust, type Change, type Stand } from './stand.ts';

/** Values of the chart that do not change while the CA is in the manifests. */
const FILES = { mode: 'files', secretName: 'my-certificate' };

/** The changes of section "The CA in the manifests" of docs/certificates.md. */
export function listManifestChanges(): readonly Change[] {
  let authority: CertificateAuthority;
  return [
    {
      title: 'the CA into the manifests, by way of files',
      make: async (stand) => {
        authority = await goToManifests(stand);
      },
    },
    {
      title: 'the CA in the manifests becomes another one',
      make: async (stand) => {
        const next = await createCertificateAuthority('the next one in the manifests');
        const both = `${authority.certificate}${next.certificate}`;
        await stand.chart.upgrade({ ...FILES, caBundle: both }, { force: true }); // `certs trust` has set this value, too
        await serveOf(stand, next);
        await stand.chart.upgrade({ ...FILES, caBundle: next.certificate });
        authority = next;
      },
    },
    {
      title: 'the CA out of the manifests, to self-issued',
      make: async (stand) => {
        await trust(stand, authority.certificate, '--keep');
        await goBackToSelfIssued(stand);
      },
    },
    {
      title: 'the CA into the manifests, and out to cert-manager',
      make: async (stand) => {
        const { certificate } = await goToManifests(stand);
        await trust(stand, certificate, '--keep');
        await takeOverFromFiles(stand);
      },
    },
    { title: 'from there to self-issued', make: goBackToSelfIssued },
  ];
}

/**
 * Changes from a self-issued certificate. The value equals `caBundle`, so that Helm changes nothing there.
 */
async function goToManifests(stand: Stand): Promise<CertificateAuthority> {
  const authority = await createCertificateAuthority('in the manifests');
  await goToFiles(stand, authority);
  const [caBundle] = await stand.scene.readBundles();
  await stand.chart.upgrade({ ...FILES, caBundle });
  return authority;
}
