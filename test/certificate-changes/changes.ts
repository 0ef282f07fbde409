import { listCertManagerChanges } from './cert-manager-changes.ts';
import { DEV_CHANGES } from './dev-changes.ts';
import { listFileChanges } from './file-changes.ts';
import { listManifestChanges } from './manifest-changes.ts';
import { OWN_CHANGES } from './own-changes.ts';
import type { Change } from './stand.ts';

/**
 * Groups by name, in the order in which they run. Each group begins with a self-issued certificate, and each
 * change with the state after the change before it. Only the first group begins with a single replica.
 */
export const GROUPS: Readonly<Record<string, readonly Change[]>> = {
  own: OWN_CHANGES,
  files: listFileChanges(),
  'cert-manager': listCertManagerChanges(),
  manifests: listManifestChanges(),
  dev: DEV_CHANGES,
};
