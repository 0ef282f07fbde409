import { plannedRenewal } from '../../reconcile/next-due-time.ts';
import type { Plan } from '../../reconcile/plan.ts';
import { describeCause, findCause } from '../../reconcile/signature-cause.ts';
import { formatTime, formatWhen } from '../../time/format-time.ts';
import type { SignatureCause, StateReason } from '../../resources/reasons.ts';
import { listRenewals, type Renewal } from '../../signing/renewals.ts';
import type { Snapshot } from './snapshot.ts';
import type { Seconds } from '../../time/units.ts';

/** The action that the loop would take now, and why. */
export interface NextAction {
  /** The word of the plan; `unknown` when the caller is not allowed to read what it depends on. */
  readonly action: Plan['do'] | 'unknown';
  readonly cause?: SignatureCause;
  readonly reason?: StateReason;
  /** One line for people. */
  readonly message: string;
  /** The blocking problem, with the remedy. */
  readonly problem?: string;
}

/** How many of the next signatures are shown. */
const RENEWALS = 5;

/** `now` in seconds since the epoch. */
export function describeNextAction(snapshot: Snapshot, now: Seconds): NextAction {
  if (snapshot.seen === undefined) return describeUnreadSecret(snapshot, now);
  const { plan } = snapshot.seen;
  switch (plan.do) {
    case 'ignore':
      return { action: plan.do, message: 'nothing: the JWT is being deleted' };
    case 'release':
      return {
        action: plan.do,
        message: 'remove the finalizer of token-manager, which prevents its deletion',
      };
    case 'report':
      return describeReportedProblem(plan);
    case 'read':
      return describeReading(snapshot, now);
    case 'disown':
      return {
        action: plan.do,
        message:
          'take this JWT off the owners of its Secret, so that deleting the JWT does not delete what is to outlive it; ' +
          'then look again',
      };
    case 'sign':
      return {
        action: plan.do,
        cause: plan.cause,
        message: `sign a new token, because ${describeCause(plan.cause)}`,
      };
    case 'repair':
      return {
        action: plan.do,
        message:
          'write labels, annotations and owner of its Secret again, with the same token: they were changed',
      };
    case 'upToDate':
      return describeUpToDate(snapshot, now);
    default:
      return plan satisfies never;
  }
}

function describeReportedProblem({ problem, wanted }: Extract<Plan, { do: 'report' }>): NextAction {
  const { reason, message } = problem;
  if (wanted === undefined) {
    return { action: 'report', reason, message: 'nothing, until the problem is fixed', problem: message };
  }
  const why = `a new token is needed, because ${describeCause(wanted)}, but it cannot be signed until the problem is fixed`;
  return { action: 'report', reason, cause: wanted, message: why, problem: message };
}

/** The loop reads the private key here; `explain` never does. */
function describeReading(snapshot: Snapshot, now: Seconds): NextAction {
  const key = describeKeyPlace(snapshot);
  const cause = causeOf(snapshot, now);
  if (cause !== undefined) {
    const message = `read the private key (${key}; not read here) and sign a new token, because ${describeCause(cause)}`;
    return { action: 'read', cause, message };
  }
  const why = isKeyMoved(snapshot)
    ? 'its Secret changed since the last signature. If it holds another key now, a new token is signed'
    : 'only with it can be checked whether the token was signed with it';
  return { action: 'read', message: `read the private key (${key}; not read here): ${why}` };
}

function describeUpToDate({ jwt, seen }: Snapshot, now: Seconds): NextAction {
  const due = plannedRenewal(jwt, seen?.observed.secret);
  const when = due === undefined ? '' : ` until it is renewed at ${formatWhen(due, now)}`;
  return { action: 'upToDate', message: `nothing${when}: the token is valid and matches the spec` };
}

function describeUnreadSecret({ jwt }: Snapshot, now: Seconds): NextAction {
  const due = jwt.recorded.renewsAt;
  const status =
    due === undefined
      ? 'its status names no renewal'
      : `according to its status it is renewed at ${formatWhen(due, now)}`;
  return {
    action: 'unknown',
    message: `not known, because you are not allowed to read its Secret; ${status}`,
  };
}

/** The place of the private key, in words to go after "is". */
export function describeKeyPlace({ keyReference }: Pick<Snapshot, 'keyReference'>): string {
  if (keyReference === undefined) return 'in the JWT itself (spec.key.value)';
  const { namespace, name, key } = keyReference;
  return `in Secret ${namespace}/${name}, data key "${key}"`;
}

/** The next signatures; empty while a problem prevents them, or while they are not known. */
export function foreseeRenewals(snapshot: Snapshot, now: Seconds): readonly Renewal[] {
  const { jwt, seen } = snapshot;
  if (!jwt.spec.ok || seen?.plan.do === 'report' || seen?.plan.do === 'ignore') return [];
  const due = seen === undefined ? jwt.recorded.renewsAt : firstDue(snapshot, now);
  return due === undefined ? [] : listRenewals(jwt.uid, Math.max(due, now), jwt.spec.value, RENEWALS);
}

function firstDue(snapshot: Snapshot, now: Seconds): Seconds | undefined {
  return causeOf(snapshot, now) === undefined
    ? plannedRenewal(snapshot.jwt, snapshot.seen?.observed.secret)
    : now;
}

function causeOf({ jwt, seen }: Snapshot, now: Seconds): SignatureCause | undefined {
  if (seen === undefined || !jwt.spec.ok) return undefined;
  if (seen.plan.do === 'sign') return seen.plan.cause;
  return findCause({ observed: seen.observed, spec: jwt.spec.value, now });
}

function isKeyMoved({ jwt, seen }: Snapshot): boolean {
  const { keyVersion } = jwt.recorded;
  const key = seen?.observed.key;
  return keyVersion !== undefined && key?.state === 'unread' && key.version !== keyVersion;
}

/** Both times as RFC 3339, for scripts. */
export function writeRenewals(renewals: readonly Renewal[]): readonly { at: string; expiresAt: string }[] {
  return renewals.map(({ at, expiresAt }) => ({ at: formatTime(at), expiresAt: formatTime(expiresAt) }));
}
