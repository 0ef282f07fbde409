import { formatDuration, formatTime } from '../time/format-time.ts';
import type { JwtSpec } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { effectiveIssuer } from '../signing/claims.ts';
import { isRenewalClamped } from '../signing/schedule.ts';
import type { Seconds } from '../time/units.ts';
import type { Condition, ConditionType } from './conditions.ts';
import { describeContention } from './contention.ts';
import { keyCondition } from './key-condition.ts';
import { findKeyIdReuse } from './key-id-reuse.ts';
import { overdueTime } from './next-due-time.ts';
import type { Observed } from './observed.ts';
import type { Outcome } from './outcome.ts';
import type { PresentToken } from './present-token.ts';
import { readyCondition } from './ready-condition.ts';

/** Every condition that the status is to have after a round; `now` in seconds since the epoch. */
export function desiredConditions(
  observed: Observed,
  outcome: Outcome,
  token: PresentToken | undefined,
  now: Seconds,
): readonly Condition[] {
  const { spec } = observed.jwt;
  return [
    readyCondition(observed, outcome, token, now),
    keyCondition(observed, outcome),
    ...(spec.ok ? describeRemarks({ observed, outcome, spec: spec.value, token, now }) : []),
  ];
}

/** The facts that a remark depends on. */
interface RemarkFacts {
  readonly observed: Observed;
  readonly outcome: Outcome;
  readonly spec: JwtSpec;
  readonly token: PresentToken | undefined;
  readonly now: Seconds;
}

/** The content of a remark. */
type Remarked = StateProblem & Pick<Condition, 'isNew'>;

/** A condition that is there only while it says something. */
interface Remark {
  readonly type: ConditionType;
  readonly describe: (facts: RemarkFacts) => Remarked | undefined;
}

/** The remarks, in the order of the status. */
const REMARKS: readonly Remark[] = [
  { type: 'RenewalClamped', describe: describeClamping },
  { type: 'IssuerMismatch', describe: describeIssuers },
  { type: 'PolicyDenied', describe: ({ observed }) => observed.policyRefusal },
  { type: 'KeyIdReused', describe: describeReuse },
  { type: 'Contended', describe: describeContenders },
  { type: 'RenewalOverdue', describe: describeDelay },
];

function describeRemarks(facts: RemarkFacts): readonly Condition[] {
  return REMARKS.flatMap(({ type, describe }) => {
    const remark = describe(facts);
    return remark === undefined ? [] : [{ type, status: 'True' as const, ...remark }];
  });
}

function describeClamping({ spec }: RemarkFacts): StateProblem | undefined {
  if (!isRenewalClamped(spec)) return undefined;
  return {
    reason: 'RenewalClamped',
    message: `spec.resignBefore is not shorter than spec.expiryTime: half of it, ${formatDuration(spec.lifetime / 2)}, is used; set a shorter one`,
  };
}

function describeIssuers({ spec }: RemarkFacts): StateProblem | undefined {
  const issuer = effectiveIssuer(spec);
  if (!issuer.ok || issuer.value === spec.issuer) return undefined;
  return {
    reason: 'IssuerMismatch',
    message:
      'spec.data.iss differs from spec.issuer and is the one in the token: remove spec.data.iss, or make both equal',
  };
}

function describeReuse({ observed, spec, outcome, now }: RemarkFacts): Remarked | undefined {
  const reuse = findKeyIdReuse(observed, spec, outcome, now);
  if (reuse === undefined) return undefined;
  return {
    reason: 'KeyIdReused',
    message:
      'spec.keyId was that of another key, or of another algorithm: verifiers keep keys by kid and may refuse the new tokens for a while; ' +
      'give each key and algorithm its own keyId and publish all',
    isNew: reuse === 'now',
  };
}

function describeContenders({ observed, outcome: { contenders } }: RemarkFacts): StateProblem | undefined {
  return contenders === undefined ? undefined : describeContention(observed.jwt, contenders);
}

function describeDelay({ spec, token, outcome, now }: RemarkFacts): StateProblem | undefined {
  if (token === undefined || token.expiresAt <= now || now < overdueTime(spec, token.expiresAt))
    return undefined;
  return {
    reason: 'RenewalOverdue',
    message: `no new token could be signed for a while, the current one expires at ${formatTime(token.expiresAt)}: ${outcome.problem?.message ?? 'see the log of jwt-injector'}`,
  };
}
