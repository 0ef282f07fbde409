import { plannedRenewal } from '../../reconcile/next-look.ts';
import type { Plan } from '../../reconcile/plan.ts';
import { describeCause, findCause } from '../../reconcile/signature-cause.ts';
import { formatTime } from '../../time/format-time.ts';
import type { SignatureCause, StateReason } from '../../resources/reasons.ts';
import { listRenewals, type Renewal } from '../../signing/renewals.ts';
import type { Look } from './snapshot.ts';
import { sayWhen } from './words.ts';

/** What the loop would do now, and why. */
export interface NextStep {
  /** The plan's word; `unknown` when the caller may not read what it depends on. */
  readonly do: Plan['do'] | 'unknown';
  readonly cause?: SignatureCause;
  readonly reason?: StateReason;
  /** One line for people. */
  readonly message: string;
  /** The blocking problem, with the remedy. */
  readonly problem?: string;
}

/** How many signatures to come are told. */
const RENEWALS = 5;

/** `now` in seconds since the epoch. */
export function describeNextStep(look: Look, now: number): NextStep {
  if (look.seen === undefined) return describeUnseen(look, now);
  const { plan } = look.seen;
  switch (plan.do) {
    case 'ignore':
      return { do: plan.do, message: 'nothing: it is being deleted' };
    case 'release':
      return {
        do: plan.do,
        message: 'take off the finalizer of token-manager, which keeps it from being deleted',
      };
    case 'report':
      return describeReport(plan);
    case 'read':
      return describeReading(look, now);
    case 'sign':
      return {
        do: plan.do,
        cause: plan.cause,
        message: `sign a new token, because ${describeCause(plan.cause)}`,
      };
    case 'repair':
      return {
        do: plan.do,
        ...(plan.problem === undefined ? {} : { reason: plan.problem.reason, problem: plan.problem.message }),
        message:
          'write labels, annotations and owner of its Secret again, with the same token: they were changed',
      };
    case 'upToDate':
      return describeUpToDate(look, now);
    default:
      return plan satisfies never;
  }
}

function describeReport({ do: word, problem, wanted }: Extract<Plan, { do: 'report' }>): NextStep {
  const { reason, message } = problem;
  if (wanted === undefined) {
    return { do: word, reason, message: 'nothing, until the problem is fixed', problem: message };
  }
  const why = `a new token is wanted, because ${describeCause(wanted)}, but it cannot be signed until the problem is fixed`;
  return { do: word, reason, cause: wanted, message: why, problem: message };
}

/** The loop reads the private key here; `explain` never does. */
function describeReading(look: Look, now: number): NextStep {
  const key = describeKeyPlace(look);
  const cause = causeOf(look, now);
  if (cause !== undefined) {
    const message = `read the private key (${key}; not read here) and sign a new token, because ${describeCause(cause)}`;
    return { do: 'read', cause, message };
  }
  const why = isKeyMoved(look)
    ? 'it changed since the last signature. If it holds another key, a new token is signed'
    : 'only the private key can tell whether the token was signed with it';
  return { do: 'read', message: `read the private key (${key}; not read here): ${why}` };
}

function describeUpToDate({ jwt, seen }: Look, now: number): NextStep {
  const due = plannedRenewal(jwt, seen?.observed.secret);
  const when = due === undefined ? '' : ` until it is renewed at ${sayWhen(due, now)}`;
  return { do: 'upToDate', message: `nothing${when}: the token is valid and says what the spec says` };
}

function describeUnseen({ jwt }: Look, now: number): NextStep {
  const due = jwt.recorded.renewsAt;
  const told =
    due === undefined ? 'its status tells no renewal' : `its status tells a renewal at ${sayWhen(due, now)}`;
  return { do: 'unknown', message: `not known, as you are not allowed to read its Secret; ${told}` };
}

/** Where the private key is, in words to go after "is". */
export function describeKeyPlace({ keyReference }: Pick<Look, 'keyReference'>): string {
  if (keyReference === undefined) return 'in the JWT itself (spec.key.value)';
  const { namespace, name, key } = keyReference;
  return `in Secret ${namespace}/${name}, data key "${key}"`;
}

/** The next signatures, none as long as something prevents them or is not known. */
export function foreseeRenewals(look: Look, now: number): readonly Renewal[] {
  const { jwt, seen } = look;
  if (!jwt.spec.ok || seen?.plan.do === 'report' || seen?.plan.do === 'ignore') return [];
  const due = seen === undefined ? jwt.recorded.renewsAt : firstDue(look, now);
  return due === undefined ? [] : listRenewals(jwt.uid, Math.max(due, now), jwt.spec.value, RENEWALS);
}

function firstDue(look: Look, now: number): number | undefined {
  return causeOf(look, now) === undefined ? plannedRenewal(look.jwt, look.seen?.observed.secret) : now;
}

function causeOf({ jwt, seen }: Look, now: number): SignatureCause | undefined {
  if (seen === undefined || !jwt.spec.ok) return undefined;
  if (seen.plan.do === 'sign') return seen.plan.cause;
  return findCause({ observed: seen.observed, spec: jwt.spec.value, now });
}

function isKeyMoved({ jwt, seen }: Look): boolean {
  const { keyVersion } = jwt.recorded;
  const key = seen?.observed.key;
  return keyVersion !== undefined && key?.state === 'unread' && key.version !== keyVersion;
}

/** Both times as RFC 3339, for scripts. */
export function writeRenewals(renewals: readonly Renewal[]): readonly { at: string; expiresAt: string }[] {
  return renewals.map(({ at, expiresAt }) => ({ at: formatTime(at), expiresAt: formatTime(expiresAt) }));
}
