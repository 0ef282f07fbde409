import { checkClock, checkLease, checkServer } from './check-api-server.ts';
import { checkBundles, checkServing } from '../installation/check-certificates.ts';
import { checkCrd } from './check-crd.ts';
import { checkJwts, checkTokenManager } from './check-jwts.ts';
import { checkDeliveryPolicy, checkEditRole, checkOwnRights, checkServiceRights } from './check-rights.ts';
import { checkTriedPod } from './check-tried-pod.ts';
import { checkInstallation, isInstalled } from './check-installation.ts';
import { checkMutating, checkValidating } from './check-webhooks.ts';
import { checkDeployments, checkEndpoints, checkService, checkVersions } from './check-workload.ts';
import type { Finding, Judgement } from '../installation/finding.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

/** Every check by its name, from the cause to its effects: what comes first explains what comes after it. */
const CHECKS: Readonly<Record<string, (snapshot: InstallationSnapshot) => readonly Judgement[]>> = {
  'api-server': checkServer,
  clock: checkClock,
  installation: checkInstallation,
  crd: checkCrd,
  rights: checkServiceRights,
  'delivery-policy': checkDeliveryPolicy,
  'edit-role': checkEditRole,
  'own-rights': checkOwnRights,
  deployment: checkDeployments,
  version: checkVersions,
  service: checkService,
  endpoints: checkEndpoints,
  certificate: checkServing,
  'ca-bundle': checkBundles,
  'pod-webhooks': checkMutating,
  'jwt-webhook': checkValidating,
  'tried-pod': checkTriedPod,
  lease: checkLease,
  jwts: checkJwts,
  'token-manager': checkTokenManager,
};

/** The checks that say something of a cluster without jwt-injector: to list all that is missing there would hide that. */
const WITHOUT_INSTALLATION: ReadonlySet<string> = new Set([
  'api-server',
  'clock',
  'installation',
  'token-manager',
]);

/** All that can be said about the installation. Pure. */
export function findFaults(snapshot: InstallationSnapshot): readonly Finding[] {
  const findings: Finding[] = [];
  const isAnywhere = isInstalled(snapshot);
  for (const [check, look] of Object.entries(CHECKS)) {
    if (!isAnywhere && !WITHOUT_INSTALLATION.has(check)) continue;
    for (const judgement of look(snapshot)) findings.push({ check, ...judgement });
  }
  return findings;
}
