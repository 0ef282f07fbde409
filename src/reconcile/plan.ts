import { describeKeyInOwnSecret } from '../resources/key-in-own-secret.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { SignatureCause } from '../resources/reasons.ts';
import type { Seconds } from '../time/units.ts';
import { describeConflict } from './describe-conflict.ts';
import { hasDrift, wantsOwner } from './desired-secret.ts';
import { recordsToken } from './key-record.ts';
import type { Observed } from './observed.ts';
import { findOwnership, isOwnedBy } from './ownership.ts';
import { findCause, type PlanFacts } from './signature-cause.ts';
import { releaseTime } from './take-over.ts';
import { judgeOwnerReference } from './unwanted-owner.ts';

/** The next action for one JWT. */
export type Plan =
  /** Nothing: the JWT is being deleted, and its Secret is deleted by garbage collection. */
  | { readonly do: 'ignore' }
  /** Remove token-manager's finalizer: the JWT is being deleted, and token-manager does not run any more. */
  | { readonly do: 'release' }
  /**
   * Read this first, then plan again: the decision depends on it. `before`: the write that follows unless the read forbids it;
   * while that is held back, nothing depends on the read.
   */
  | { readonly do: 'read'; readonly what: 'key' | 'token' | 'jwt'; readonly before?: SecretChange }
  /** Take the JWT off the owners of its Secret, then plan again: deleting the JWT would delete what is not its own. */
  | { readonly do: 'disown' }
  | { readonly do: 'sign'; readonly cause: SignatureCause }
  /** Write the Secret's metadata again, with the same token bytes. */
  | { readonly do: 'repair' }
  /** Nothing can be done until an input changes; `wanted` is why a signature would be due, if one is. */
  | { readonly do: 'report'; readonly problem: StateProblem; readonly wanted?: SignatureCause }
  /** Nothing: the Secret holds a valid token that matches the spec. */
  | { readonly do: 'upToDate' };

/** The next action once the owners of the Secret are as they should be. */
export type TokenPlan = Exclude<Plan, { do: 'disown' }>;

/** A plan that writes the Secret with its token. */
export type SecretChange = Extract<Plan, { do: 'sign' | 'repair' }>;

/** The first that has an answer decides. The loop, `explain` and the tests all read this table. */
const PLANNERS: readonly ((facts: PlanFacts) => TokenPlan | undefined)[] = [
  reportKeyInOwnSecret,
  readGrant,
  reportConflict,
  confirmAbsence,
  readPresentToken,
  readKeyToVerify,
  readChangedKey,
  signIfDue,
  repairIfDrifted,
];

/** Decides for one JWT; `now` in seconds since the epoch. Pure: the same input gives the same plan. */
export function planNext(observed: Observed, now: Seconds): Plan {
  return planOwner(observed) ?? planToken(observed, now);
}

/**
 * Comes before all else: whatever keeps a token from being signed, what is not the JWT's own must outlive it. Also of a JWT
 * that is being deleted, as long as a finalizer keeps it.
 */
function planOwner(observed: Observed): Plan | undefined {
  const reference = judgeOwnerReference(observed);
  if (reference === 'unread') return { do: 'read', what: 'token' };
  return reference === 'unwanted' ? { do: 'disown' } : undefined;
}

/** As `planNext`, where the owners of the Secret cannot be changed now: a renewal does not wait for that. */
export function planToken(observed: Observed, now: Seconds): TokenPlan {
  const { jwt } = observed;
  if (jwt.isDeleting) return { do: mayRelease(observed, now) ? 'release' : 'ignore' };
  if (!jwt.spec.ok) return { do: 'report', problem: jwt.spec.problem };
  const facts = { observed, spec: jwt.spec.value, now };
  for (const planFor of PLANNERS) {
    const plan = planFor(facts);
    if (plan === undefined) continue;
    const isWrite = plan.do === 'sign' || plan.do === 'repair';
    return isWrite && mayBeOrphan(observed) ? { do: 'read', what: 'jwt', before: plan } : plan;
  }
  return { do: 'upToDate' };
}

/** Without its last finalizer the JWT is gone, and garbage collection deletes what it is still an owner of. */
function mayRelease(observed: Observed, now: Seconds): boolean {
  const time = releaseTime(observed.jwt);
  return time !== undefined && now >= time && judgeOwnerReference(observed) === 'harmless';
}

/**
 * `kubectl delete --cascade=orphan` takes the owner reference off the Secret, and the watch of JWTs may report the deletion
 * later: with a reference that is put back, garbage collection would delete the Secret.
 */
function mayBeOrphan({ jwt, secret, isJwtConfirmed }: Observed): boolean {
  if (secret === undefined || isJwtConfirmed || !wantsOwner(jwt, secret.hasOtherData)) return false;
  return !isOwnedBy(jwt, secret);
}

/** A token is never written to the Secret that holds the key. */
function reportKeyInOwnSecret({ observed: { jwt, isKeyInOwnSecret } }: PlanFacts): TokenPlan | undefined {
  return isKeyInOwnSecret ? { do: 'report', problem: describeKeyInOwnSecret(jwt) } : undefined;
}

/** Before anything else is said: a JWT that is not granted a key must not learn that it exists. */
function readGrant({ observed: { key } }: PlanFacts): TokenPlan | undefined {
  return key.state === 'unread' && key.isGrantUnread === true ? { do: 'read', what: 'key' } : undefined;
}

function reportConflict({ observed: { jwt, secret, keyUser } }: PlanFacts): TokenPlan | undefined {
  if (secret === undefined) return undefined;
  if (findOwnership(jwt, secret) === 'ours' && !secret.isDeleting) return undefined;
  return {
    do: 'report',
    problem: { reason: 'SecretConflict', message: describeConflict(jwt, secret, keyUser) },
  };
}

/** A Secret that was written once may be missing in both watches for a moment: one that loses our label moves between them. */
function confirmAbsence({ observed: { jwt, secret, isAbsenceConfirmed } }: PlanFacts): TokenPlan | undefined {
  const isExpected = secret === undefined && recordsToken(jwt.recorded);
  return isExpected && !isAbsenceConfirmed ? { do: 'read', what: 'token' } : undefined;
}

function readPresentToken({ observed: { secret } }: PlanFacts): TokenPlan | undefined {
  return secret?.token.state === 'unread' ? { do: 'read', what: 'token' } : undefined;
}

/**
 * Without a recorded key (a Secret of token-manager's, or a status that could not be written) only the private key
 * shows whether the token was signed with it, and what to record.
 */
function readKeyToVerify({ observed: { jwt, secret, key } }: PlanFacts): TokenPlan | undefined {
  if (secret?.token.state !== 'valid' || key.state !== 'unread') return undefined;
  const isUnproved = secret.token.signature === 'unknown' || jwt.recorded.keyVersion === undefined;
  return isUnproved ? { do: 'read', what: 'key' } : undefined;
}

function readChangedKey({ observed: { jwt, key } }: PlanFacts): TokenPlan | undefined {
  const { keyVersion } = jwt.recorded;
  const isChanged = key.state === 'unread' && keyVersion !== undefined && keyVersion !== key.version;
  return isChanged ? { do: 'read', what: 'key' } : undefined;
}

function signIfDue(facts: PlanFacts): TokenPlan | undefined {
  const cause = findCause(facts);
  if (cause === undefined) return undefined;
  const { observed } = facts;
  if (cause === 'RenewRequested' && mayBeServed(observed)) return { do: 'read', what: 'jwt' };
  const sign = { do: 'sign', cause } as const;
  const confirmFirst = { do: 'read', what: 'jwt', before: sign } as const;
  if (cause === 'SecretMissing' && mayBeGone(observed)) return confirmFirst;
  const problem = findSigningProblem(observed);
  // Faults that can be repaired without a signature are repaired meanwhile.
  if (problem !== undefined) return repairIfDrifted(facts) ?? { do: 'report', problem, wanted: cause };
  if (observed.key.state === 'unread') return { do: 'read', what: 'key' };
  return lacksClaims(facts) ? confirmFirst : sign;
}

/** Why nothing can be signed until an input changes, as far as it is known without reading the key. */
function findSigningProblem({ policyRefusal, key }: Observed): StateProblem | undefined {
  return policyRefusal ?? (key.state === 'unavailable' ? key.problem : undefined);
}

/** A Secret that was written once may have been deleted with its JWT, which another watch reports. */
function mayBeGone({ jwt, isJwtConfirmed }: Observed): boolean {
  return recordsToken(jwt.recorded) && !isJwtConfirmed;
}

/**
 * The Secret holds another token than the status says: the leader before may have served the request a moment ago, and
 * only the newest status would show it.
 */
function mayBeServed({ jwt, secret, isJwtConfirmed }: Observed): boolean {
  const isOther = secret?.token.state === 'valid' && secret.token.tokenId !== jwt.recorded.tokenId;
  return isOther && !isJwtConfirmed;
}

/** The cache keeps only a digest of long claims: they are read again before they are signed. */
function lacksClaims({ observed, spec }: PlanFacts): boolean {
  return spec.claimsDigest !== undefined && !observed.isJwtConfirmed;
}

function repairIfDrifted({ observed: { jwt, secret }, spec }: PlanFacts): TokenPlan | undefined {
  if (secret === undefined || secret.token.state !== 'valid') return undefined;
  return hasDrift(jwt, spec, secret, secret.token.expiresAt) ? { do: 'repair' } : undefined;
}
