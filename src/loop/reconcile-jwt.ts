import { arrayMember, isJsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import { desiredStatus, isSameStatus, nextStatusChange, type Outcome } from '../reconcile/desired-status.ts';
import { findCondition } from '../reconcile/conditions.ts';
import type { Observed } from '../reconcile/observed.ts';
import { renewalTime } from '../signing/schedule.ts';
import { planNext, plannedRenewal, type Plan } from '../reconcile/plan.ts';
import { repairSecret, signAndWrite, statusBody, type Store } from './act.ts';
import type { Journal, Subject } from './journal.ts';
import type { LegacyCleaner, LegacyLook } from './legacy-cleaner.ts';
import { learn, observe, type Known, type Observer } from './observe.ts';
import type { Unrecorded } from './unrecorded.ts';

/** What the API server's refusal means for the loop. */
export interface Failure {
  /** The object changed or went meanwhile: look again soon, there is nothing to report. */
  readonly stale: boolean;
  /** The namespace or the JWT is on its way out: stop quietly. */
  readonly gone: boolean;
  /** One line for people, without any response body. */
  readonly message: string;
}

export interface Reconciler {
  readonly observer: Observer;
  readonly store: Store;
  readonly journal: Journal;
  readonly cleaner: LegacyCleaner;
  readonly unrecorded: Unrecorded;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Makes a failure of what `store` and `observer` throw. */
  readonly explain: (error: unknown) => Failure;
}

/** What comes after a round: another try after a back-off, or the next look at a time (ms since the epoch). */
export type Round = { readonly next: 'retry' } | { readonly next: 'at'; readonly at: number | undefined };

/**
 * One round for one JWT: observe, plan, act, write the status. Throws only bugs.
 * @param retryAt when it is tried again if this round fails, in milliseconds since the epoch.
 */
export async function reconcileJwt(reconciler: Reconciler, stored: Jwt, retryAt: number): Promise<Round> {
  const now = reconciler.now() / 1000;
  const jwt = reconciler.unrecorded.recall(stored, presentTokenId(reconciler.observer, stored));
  let known: Known = {};
  let observed = await observe(reconciler.observer, jwt, known, now);
  let plan = planNext(observed, now);
  let outcome: Outcome;
  let legacy: LegacyLook;
  try {
    legacy = await reconciler.cleaner.look(jwt, now * 1000);
    if (legacy.cleaned) return { next: 'at', at: undefined };
    while (plan.do === 'read') {
      known = await learn(reconciler.observer, observed, plan.what, known);
      observed = await observe(reconciler.observer, jwt, known, now);
      plan = planNext(observed, now);
    }
    if (plan.do === 'leave') return { next: 'at', at: undefined };
    outcome = { ...(await carryOut(reconciler, observed, plan, now)), legacyOperator: legacy.active };
    await writeStatus(reconciler, { observed, stored: known.jwt ?? stored }, outcome, now);
  } catch (error) {
    return giveUp(reconciler, { observed, stored }, error, { now, retryAt });
  }
  reconciler.unrecorded.forget(jwt.uid);
  const moments = [nextLook(observed, outcome, now), legacy.lookAgainAt].filter(
    (moment) => moment !== undefined,
  );
  return { next: 'at', at: moments.length === 0 ? undefined : Math.min(...moments) };
}

async function carryOut(
  reconciler: Reconciler,
  observed: Observed,
  plan: Plan,
  now: number,
): Promise<Outcome> {
  const { jwt, secret } = observed;
  const { store, journal, unrecorded } = reconciler;
  if (plan.do === 'report') return { problem: plan.problem };
  if (plan.do === 'repair' && jwt.spec.ok && secret !== undefined) {
    const isRepaired = await repairSecret(store, jwt, jwt.spec.value, secret);
    if (isRepaired) journal.repaired(subjectOf(jwt));
  }
  if (plan.do !== 'sign') return {};
  const planned = plannedRenewal(jwt, secret);
  const signed = await signAndWrite(store, observed, now, (token) => {
    unrecorded.note(jwt.uid, token.claims.jti, desiredStatus(observed, { signed: token }, now));
  });
  if (!signed.ok) return { problem: signed.problem };
  const { claims, duration } = signed.value;
  if (jwt.spec.ok) {
    journal.signed({
      ...subjectOf(jwt),
      cause: plan.cause,
      algorithm: jwt.spec.value.algorithm,
      keyId: jwt.spec.value.keyId,
      tokenId: claims.jti,
      expiresAt: claims.exp,
      duration,
      lateness: plan.cause === 'RenewalDue' && planned !== undefined ? now - planned : undefined,
    });
  }
  return { signed: signed.value };
}

/** Writes the status if it says anything new, and tells of every condition that changed. */
async function writeStatus(
  { store, journal }: Reconciler,
  { observed, stored }: Seen,
  outcome: Outcome,
  now: number,
): Promise<void> {
  const status = desiredStatus(observed, outcome, now);
  if (isSameStatus(status, stored.status)) return;
  await store.applyStatus(statusBody(stored, status));
  for (const condition of arrayMember(status, 'conditions').filter(isJsonObject)) {
    const before = findCondition(stored.status, condition['type']);
    const isNews = before?.['status'] !== condition['status'] || before?.['reason'] !== condition['reason'];
    if (isNews) journal.conditionChanged(subjectOf(stored), condition, before === undefined);
  }
}

/** What was observed, and the JWT with the status that the API server has. */
interface Seen {
  readonly observed: Observed;
  readonly stored: Jwt;
}

/** After a refusal of the API server: the status says so if it still can, and the JWT is tried again. */
async function giveUp(
  reconciler: Reconciler,
  seen: Seen,
  error: unknown,
  { now, retryAt }: { readonly now: number; readonly retryAt: number },
): Promise<Round> {
  const { jwt } = seen.observed;
  const failure = reconciler.explain(error);
  if (failure.gone) return { next: 'at', at: undefined };
  if (failure.stale) return { next: 'retry' };
  const problem = { reason: 'WriteFailed', message: `${failure.message}; it is tried again` } as const;
  reconciler.journal.failed(subjectOf(jwt), problem.reason, problem.message, retryAt);
  try {
    await writeStatus(reconciler, seen, { problem, retryAt: retryAt / 1000 }, now);
  } catch {
    // The API server that refused the one write refuses the other too; the journal has told already.
  }
  return { next: 'retry' };
}

/** When to look again (ms since the epoch): at the renewal, or when time alone changes what the status says. */
function nextLook(observed: Observed, { signed }: Outcome, now: number): number | undefined {
  const { jwt, secret } = observed;
  if (!jwt.spec.ok) return undefined;
  if (signed !== undefined) return renewalTime(jwt.uid, signed.claims.exp, jwt.spec.value) * 1000;
  const soundFrom = secret?.token.state === 'faulty' ? secret.token.until : undefined;
  const moments = [plannedRenewal(jwt, secret), nextStatusChange(observed, now), soundFrom];
  const ahead = moments.filter((moment): moment is number => moment !== undefined && moment > now);
  return ahead.length === 0 ? undefined : Math.min(...ahead) * 1000;
}

function presentTokenId({ sources }: Observer, { namespace, name }: Jwt): unknown {
  return sources.managedSecret(namespace, name)?.evidence?.read?.claims['jti'];
}

function subjectOf({ namespace, name, uid }: Jwt): Subject {
  return { namespace, name, uid };
}
