import type { Manifest } from '../controlplane/install.ts';

/**
 * Whether the Deployment in these manifests names files with the webhook's certificate. Versions before 2026-11-29 do: they
 * cannot issue a certificate themselves.
 */
export function readsCertificateFiles(manifests: readonly Manifest[]): boolean {
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  return JSON.stringify(deployments).includes('--tls-cert-file=');
}
