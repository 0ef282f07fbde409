import { desiredStatus } from '../reconcile/desired-status.ts';
import { planNext } from '../reconcile/plan.ts';
import type { WaitResult } from '../queue/work.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { SecretMetadata } from '../resources/secret.ts';
import { toMilliseconds, toSeconds, type Milliseconds } from '../time/units.ts';
import { observeWithoutChecking, type SecretWithEvidence } from './observe.ts';
import { findKeyObject } from './observe-key.ts';
import type { Reconciler } from './round.ts';
import { scheduleNextRound } from './settle-round.ts';
import { withUnwrittenStatus } from './unwritten-status.ts';
import { mustWriteStatus } from './write-status.ts';

/** A look writes nothing. It reports no more than a token whose write had no answer, once it is found. */
type Looker = Pick<Reconciler, 'observer' | 'memory' | 'recorder' | 'now'>;

/**
 * The objects of the caches that the result of a look was made from. They are replaced when they change, never changed; only the
 * verdict on a signature is.
 */
class LookedAt {
  readonly jwt: Jwt;
  readonly secret: SecretWithEvidence;
  /** As it was then: a check of the signature changes it in the Secret. */
  readonly verifiedBy: string | undefined;
  readonly key: SecretMetadata | 'unlisted' | undefined;

  constructor(jwt: Jwt, secret: SecretWithEvidence, key: LookedAt['key']) {
    this.jwt = jwt;
    this.secret = secret;
    this.verifiedBy = secret.evidence?.verifiedBy;
    this.key = key;
  }
}

/**
 * The result of the round of a JWT that needs nothing: no request, no signature to be checked, nothing to write or to
 * report. `undefined`: it takes a whole round. Most JWTs are like that, when a term begins and later, and there may be a
 * hundred thousand. `last`: what this function answered when the JWT was looked at last, if it had no round since. Never throws.
 */
export function skipRound(looker: Looker, stored: Jwt, last?: WaitResult): WaitResult | undefined {
  try {
    return last !== undefined && holdsStill(looker, stored, last) ? last : lookAt(looker, stored);
  } catch {
    return undefined; // the whole round meets it again, and reports it
  }
}

/**
 * Whether a whole look would have the same result as the last one: the caches hold the very same objects, no write is open, and
 * no time has come at which time alone makes something due. A look is there to find changes that nobody reported: they show
 * as other objects. A clock that was set back leads to a round of each (`WakeUps.noticeClockStep`).
 */
function holdsStill(
  { observer, memory, now }: Looker,
  stored: Jwt,
  { basis, dueAt = Number.NaN }: WaitResult,
): boolean {
  if (!(basis instanceof LookedAt) || basis.jwt !== stored) return false;
  const { secret, verifiedBy, key } = basis;
  return (
    now() < dueAt &&
    secret === observer.sources.tokenSecret(stored.namespace, stored.name) &&
    verifiedBy !== undefined && // until then, a check may come to another verdict
    verifiedBy === secret.evidence?.verifiedBy &&
    key === findKeyObject(observer, stored) &&
    !memory.isUnsettled(stored.uid)
  );
}

function lookAt(looker: Looker, stored: Jwt): WaitResult | undefined {
  const { observer, memory } = looker;
  const now = toSeconds(looker.now());
  memory.budget.resume(stored, now);
  if (memory.conflicts.mustRead(stored.uid, 'jwt')) return undefined;
  const jwt = withUnwrittenStatus(looker, stored, {});
  const observation = observeWithoutChecking(observer, jwt, {}, now);
  if (observation.state !== 'complete') return undefined;
  const { observed } = observation;
  if (planNext(observed, now).do !== 'upToDate') return undefined;
  const outcome = memory.budget.addContenders(observed.jwt.uid, {}, { now });
  if (mustWriteStatus(memory, stored, desiredStatus(observed, outcome, now))) return undefined;
  memory.pending.forget(stored.uid);
  const result = scheduleNextRound(memory.budget, observed, outcome, now);
  if (result.next !== 'wait') return undefined;
  const secret = observer.sources.tokenSecret(stored.namespace, stored.name);
  // While a Secret is contended, the budget of its writes decides, and that changes with time.
  const isPlain = secret !== undefined && outcome.contenders === undefined && result.dueAt !== undefined;
  const basis = isPlain ? new LookedAt(stored, secret, findKeyObject(observer, stored)) : undefined;
  return { ...result, expiresAt: expiryOf(stored), basis };
}

/** When the published token expires, as the status says. */
export function expiryOf({ recorded: { expiresAt } }: Jwt): Milliseconds | undefined {
  return toMilliseconds(expiresAt);
}
