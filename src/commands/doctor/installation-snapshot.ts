import type { JsonObject } from '../../resources/json.ts';
import type { ServerClock } from '../cluster/compare-clocks.ts';
import type { JwtApi } from '../cluster/discover.ts';
import type { OldDeployment } from '../token-manager/deployments.ts';
import type { JwtCensus } from './jwt-census.ts';
import type { ReadResult } from '../cluster/read-result.ts';
import type { CertificateSnapshot } from '../installation/certificate-snapshot.ts';
import type { Right } from './shipped-rights.ts';

/** Everything that the checks look at, read once with the caller's rights. Objects are wire JSON. */
export interface InstallationSnapshot extends CertificateSnapshot {
  /** The version of this program. */
  readonly version: string;
  readonly server: ServerClock;
  /** The resource JWT by discovery, which everybody is allowed to read. */
  readonly api: ReadResult<JwtApi>;
  readonly crd: ReadResult<JsonObject>;
  /** Deployment `jwt-injector-controller`, of an installation where the halves are separate. */
  readonly controller: ReadResult<JsonObject>;
  readonly service: ReadResult<JsonObject>;
  readonly endpointSlices: ReadResult<readonly JsonObject[]>;
  readonly lease: ReadResult<JsonObject>;
  readonly editRole: ReadResult<JsonObject>;
  /** The binding of the policy that limits the right to patch pods. */
  readonly deliveryBinding: ReadResult<JsonObject>;
  /** Rights that the ServiceAccounts lack. */
  readonly missingRights: ReadResult<readonly Right[]>;
  /** The caller's right to create JWTs in `tryNamespace`. */
  readonly mayCreateJwts: ReadResult<boolean>;
  readonly triedPod: ReadResult<TriedPod>;
  /** The namespace in which JWTs are read if the caller is not allowed to read all, and in which the pod is tried. */
  readonly tryNamespace: string;
  readonly jwts: ReadResult<JwtCensus>;
  readonly oldDeployments: ReadResult<readonly OldDeployment[]>;
}

/** The API server's answer to a pod with an annotation; it was not created. */
export type TriedPod =
  | { readonly outcome: 'injected' | 'unchanged' | 'no-answer' }
  /** Another part refuses pods like this one: quota, a policy, a webhook. */
  | { readonly outcome: 'refused'; readonly why: string };
