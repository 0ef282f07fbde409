import { arrayMember, isJsonObject, type JsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import { desiredStatus, isSameStatus, nextStatusChange, type Outcome } from '../reconcile/desired-status.ts';
import { doubtfulStatus } from '../reconcile/doubtful-status.ts';
import { findCondition } from '../reconcile/conditions.ts';
import { describeContention } from '../reconcile/contention.ts';
import { renewalLateness } from '../reconcile/lateness.ts';
import type { Observed } from '../reconcile/observed.ts';
import { planNext, plannedRenewal, type Plan } from '../reconcile/plan.ts';
import { releasePatch, releaseTime } from '../reconcile/take-over.ts';
import { describeRefusal, REFUSED_WAIT_MS, type Refusal } from '../reconcile/refusal.ts';
import { formatTime } from '../time/format-time.ts';
import type { StateProblem } from '../resources/problem.ts';
import { renewalTime } from '../signing/schedule.ts';
import { repairSecret, signAndWrite, statusBody, type Store } from './act.ts';
import { lookForContenders, planWrite, resumeContention, type PlannedWrite } from './hold-back.ts';
import type { Recorder, Subject } from './recorder.ts';
import type { Memory } from './memory.ts';
import { learn, observe, type Known, type Observer } from './observe.ts';
import { Stale } from './stale.ts';
import type { WriteBudget } from './write-budget.ts';

/** What the API server's refusal means for the loop. */
export interface Failure {
  /**
   * `stale`: the object changed meanwhile: look again soon, there is nothing to report.
   * `absent`: the object, or its kind, is not there. `leaving`: its namespace is being deleted. `failed`: to report.
   */
  readonly meaning: 'stale' | 'absent' | 'leaving' | 'failed';
  /** One line for people, without any response body. */
  readonly message: string;
  /** Of what failed: it will fail again until somebody changes something, for this reason. */
  readonly refusal?: Refusal | undefined;
  /** Milliseconds that the API server asks to wait at least. */
  readonly afterMs?: number | undefined;
}

export interface Reconciler {
  readonly observer: Observer;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly memory: Memory;
  readonly budget: WriteBudget;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Makes a failure of what `store` and `observer` throw; `undefined`: it is a bug. */
  readonly explain: (error: unknown) => Failure | undefined;
  /** Is called with a bug, for the log alone: it may hold anything. */
  readonly onBug: (error: unknown) => void;
}

/**
 * What comes after a round: another try after a back-off, or the next look, at a time (ms since the epoch) if time alone
 * makes something due.
 */
export type Round =
  | { readonly next: 'retry'; readonly afterMs?: number }
  | { readonly next: 'look'; readonly at: number | undefined };

/** What the status says of a bug: its own words may hold a secret. */
const INTERNAL_ERROR = 'an internal error; see the log of jwt-injector';

/**
 * One round for one JWT: observe, plan, act, write the status. Never throws.
 * @param retryAt when it is tried again if this round fails, in milliseconds since the epoch.
 */
export async function reconcileJwt(reconciler: Reconciler, stored: Jwt, retryAt: number): Promise<Round> {
  const now = reconciler.now() / 1000;
  const seen: Seen = { stored, observed: undefined, write: undefined };
  try {
    return await playRound(reconciler, seen, now);
  } catch (error) {
    return giveUp(reconciler, seen, error, { now, retryAt });
  }
}

/** Throws refusals of the API server, and bugs; `seen` tells what was known by then. */
async function playRound(reconciler: Reconciler, seen: Seen, now: number): Promise<Round> {
  const { observer, memory } = reconciler;
  const { stored } = seen;
  let known: Known = {};
  resumeContention(reconciler.budget, stored, now);
  const recall = (newest: Jwt): Jwt => memory.recall(newest, presentTokenId(observer, newest));
  let jwt = recall(stored);
  const look = async (): Promise<readonly [Observed, Plan]> => {
    const observed = await observe(observer, jwt, known, now);
    seen.observed = observed;
    return [observed, planNext(observed, now)];
  };
  let [observed, plan] = await look();
  while (plan.do === 'read') {
    known = await learn(observer, observed, plan.what, known);
    if (known.jwt !== undefined && known.jwt !== seen.stored) {
      seen.stored = known.jwt;
      jwt = recall(known.jwt);
    }
    [observed, plan] = await look();
  }
  if (plan.do === 'leave') return { next: 'look', at: inMilliseconds(releaseTime(observed.jwt)) };
  if (plan.do === 'release') {
    await reconciler.store.patchJwt(stored.namespace, stored.name, releasePatch(observed.jwt));
    return { next: 'look', at: undefined };
  }
  const write = planWrite(reconciler.budget, observed, plan, now);
  const done =
    write?.heldUntil === undefined
      ? await carryOut(reconciler, seen, { observed, plan, write }, now)
      : await holdBack(reconciler, observed, write.heldUntil);
  const outcome = { ...done, ...nameContenders(reconciler, stored, now) };
  await writeStatus(reconciler, seen.stored, desiredStatus(observed, outcome, now));
  memory.pending.forget(stored.uid);
  if (observed.key.state === 'unavailable' && observed.key.isDisputed === true) return { next: 'retry' };
  const moments = [nextLook(observed, outcome, now), write?.heldUntil].filter(
    (moment) => moment !== undefined,
  );
  return { next: 'look', at: moments.length === 0 ? undefined : Math.min(...moments) };
}

/** Does what the plan says; what it writes to the Secret counts, also when it met a change of somebody else. */
async function carryOut(
  reconciler: Reconciler,
  seen: Seen,
  { observed, plan, write }: Decided,
  now: number,
): Promise<Outcome> {
  seen.write = write;
  const outcome = await act(reconciler, observed, plan, now);
  if (plan.do === 'repair' || outcome.problem === undefined) settleWrite(reconciler, seen, now);
  seen.write = undefined;
  return outcome;
}

async function act(reconciler: Reconciler, observed: Observed, plan: Plan, now: number): Promise<Outcome> {
  const { jwt, secret } = observed;
  const { store, recorder, memory } = reconciler;
  if (plan.do === 'report') return { problem: plan.problem };
  if (plan.do === 'repair' && jwt.spec.ok && secret !== undefined) {
    await repairSecret(store, jwt, jwt.spec.value, secret);
    recorder.repaired(subjectOf(jwt));
    if (plan.problem !== undefined) return { problem: plan.problem };
  }
  if (plan.do !== 'sign') return {};
  const signed = await signAndWrite(store, observed, now, (token) => {
    memory.pending.note(jwt.uid, token.claims.jti, desiredStatus(observed, { signed: token }, now));
  });
  if (!signed.ok) return { problem: signed.problem };
  const { claims, duration } = signed.value;
  if (jwt.spec.ok) {
    recorder.signed({
      ...subjectOf(jwt),
      cause: plan.cause,
      algorithm: jwt.spec.value.algorithm,
      keyId: jwt.spec.value.keyId,
      tokenId: claims.jti,
      expiresAt: claims.exp,
      duration,
      lateness: renewalLateness(observed, plan.cause, now),
    });
  }
  return { signed: signed.value };
}

/** The Secret is left as it is until the wait is over: somebody else keeps changing it. */
async function holdBack(
  { store, budget }: Reconciler,
  { jwt }: Observed,
  heldUntil: number,
): Promise<Outcome> {
  const contenders = await lookForContenders(budget, store, jwt);
  return { problem: describeContention(jwt, contenders), contenders, retryAt: heldUntil / 1000 };
}

function settleWrite({ budget }: Reconciler, { stored, write }: Seen, now: number): void {
  if (write !== undefined) budget.spend(stored.uid, now * 1000, write.isScheduled);
}

function nameContenders({ budget }: Reconciler, { uid }: Jwt, now: number): Pick<Outcome, 'contenders'> {
  return budget.isContended(uid, now * 1000) ? { contenders: budget.contenders(uid) } : {};
}

/** Writes the status if it says anything new, and tells of every condition that changed. */
async function writeStatus(
  { store, recorder, memory }: Reconciler,
  stored: Jwt,
  status: JsonObject,
): Promise<void> {
  if (isSameStatus(status, stored.status) || memory.proved.cover(stored, status)) return;
  await store.applyStatus(statusBody(stored, status));
  for (const condition of arrayMember(status, 'conditions').filter(isJsonObject)) {
    const before = findCondition(stored.status, condition['type']);
    const isNews = before?.['status'] !== condition['status'] || before?.['reason'] !== condition['reason'];
    if (isNews) recorder.conditionChanged(subjectOf(stored), condition, before === undefined);
  }
}

/** What a round came to. */
interface Decided {
  readonly observed: Observed;
  readonly plan: Plan;
  readonly write: PlannedWrite | undefined;
}

/** What a round knows so far. */
interface Seen {
  /** The JWT with the status that the API server has. */
  stored: Jwt;
  /** `undefined` until something was observed. */
  observed: Observed | undefined;
  /** What is being written to the Secret. */
  write: PlannedWrite | undefined;
}

/** After a refusal of the API server or a bug: the status says so if it still can, and the JWT is tried again. */
async function giveUp(
  reconciler: Reconciler,
  seen: Seen,
  error: unknown,
  { now, retryAt }: { readonly now: number; readonly retryAt: number },
): Promise<Round> {
  const { stored, observed } = seen;
  const failure = understand(reconciler, error);
  if (failure?.meaning === 'stale') {
    settleWrite(reconciler, seen, now);
    return { next: 'retry' };
  }
  if (failure?.meaning === 'leaving') return { next: 'look', at: undefined };
  // Its watch will tell that it is gone; should it stay after all, it is tried again.
  if (failure?.meaning === 'absent' && (await isGone(reconciler, stored))) return { next: 'retry' };
  if (failure === undefined) reconciler.onBug(error);
  const afterMs = failure?.refusal === undefined ? failure?.afterMs : REFUSED_WAIT_MS;
  const triedAt = Math.max(retryAt, now * 1000 + (afterMs ?? 0));
  const retry = triedAt / 1000;
  const problem = problemOf(failure, stored, retry);
  reconciler.recorder.failed(subjectOf(stored), problem.reason, problem.message, triedAt);
  try {
    const status =
      failure === undefined || observed === undefined
        ? doubtfulStatus(stored, problem, retry, now)
        : desiredStatus(observed, { problem, retryAt: retry }, now);
    await writeStatus(reconciler, stored, status);
  } catch (second) {
    // The API server that refused the one write refuses the other too; the recorder has told already.
    if (understand(reconciler, second) === undefined) reconciler.onBug(second);
  }
  return afterMs === undefined ? { next: 'retry' } : { next: 'retry', afterMs };
}

/** `undefined`: a bug. */
function understand({ explain }: Reconciler, error: unknown): Failure | undefined {
  return error instanceof Stale ? { meaning: 'stale', message: error.message } : explain(error);
}

function problemOf(failure: Failure | undefined, jwt: Jwt, retryAt: number): StateProblem {
  if (failure === undefined)
    return {
      reason: 'WriteFailed',
      message: `${INTERNAL_ERROR}; it is tried again at ${formatTime(retryAt)}`,
    };
  return failure.refusal === undefined
    ? { reason: 'WriteFailed', message: `${failure.message}; it is tried again` }
    : { reason: 'WriteRefused', message: describeRefusal(failure.refusal, jwt) };
}

/** Whether the API server has no such JWT any more; one that cannot be asked for counts as being there. */
async function isGone({ observer }: Reconciler, { namespace, name, uid }: Jwt): Promise<boolean> {
  try {
    const present = await observer.sources.readJwt(namespace, name);
    return present?.uid !== uid || present.deleting;
  } catch {
    return false;
  }
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

function inMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function presentTokenId({ sources }: Observer, { namespace, name }: Jwt): unknown {
  return sources.managedSecret(namespace, name)?.evidence?.facts?.jti;
}

function subjectOf({ namespace, name, uid }: Jwt): Subject {
  return { namespace, name, uid };
}
