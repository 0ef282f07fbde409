import { checkClock, checkLease, checkServer } from './check-api-server.ts';
import { checkBundles, checkServing } from '../installation/check-certificates.ts';
import { checkCrd } from './check-crd.ts';
import { checkJwts, checkTokenManager } from './check-jwts.ts';
import { checkDeliveryPolicy, checkEditRole, checkOwnRights, checkServiceRights } from './check-rights.ts';
import { checkTriedPod } from './check-tried-pod.ts';
import { checkMutating, checkValidating } from './check-webhooks.ts';
import { checkDeployments, checkEndpoints, checkService, checkVersions } from './check-workload.ts';
import type { Finding, Judgement } from '../installation/finding.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

/** Every check by its name, from the cause to its effects: what comes first explains what comes after it. */
const CHECKS: Readonly<Record<string, (snapshot: InstallationSnapshot) => readonly Judgement[]>> = {
  'api-server': checkServer,
  clock: checkClock,
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

/** All that can be said about the installation. Pure. */
export function findFaults(snapshot: InstallationSnapshot): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [check, look] of Object.entries(CHECKS)) {
    for (const judgement of look(snapshot)) findings.push({ check, ...judgement });
  }
  return findings;
}
