import { formatDuration, formatTime } from '../time/format-time.ts';
import type { JwtSpec } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { effectiveIssuer } from '../signing/claims.ts';
import { isRenewalClamped } from '../signing/schedule.ts';
import type { Seconds } from '../time/units.ts';
import type { Condition, ConditionType } from './conditions.ts';
import { describeContention } from './contention.ts';
import { findKeyIdReuse } from './key-id-reuse.ts';
import { overdueTime } from './next-due-time.ts';
import type { Observed } from './observed.ts';
import type { Outcome } from './outcome.ts';
import { isTokenInDoubt, type PresentToken } from './present-token.ts';

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

function readyCondition(
  observed: Observed,
  outcome: Outcome,
  token: PresentToken | undefined,
  now: Seconds,
): Condition {
  const { jwt, key, secret } = observed;
  const { problem } = outcome;
  if (problem !== undefined && isTokenInDoubt(observed, outcome)) return describeDoubt(jwt, problem, token);
  const isOurs = problem?.reason !== 'SecretConflict';
  if (token !== undefined && token.expiresAt > now && isOurs) {
    if (problem?.reason === 'WriteFailed' || problem?.reason === 'WriteRefused') {
      return {
        type: 'Ready',
        status: 'True',
        reason: problem.reason,
        message: `Secret ${jwt.name} holds a valid token, but not all that is due can be written: ${problem.message}`,
      };
    }
    return token.isLegacy
      ? {
          type: 'Ready',
          status: 'True',
          reason: 'LegacyToken',
          message:
            'the Secret holds a valid token of token-manager; claims that it lacks come with its next renewal',
        }
      : {
          type: 'Ready',
          status: 'True',
          reason: 'Signed',
          message: `Secret ${jwt.name} holds a valid token`,
        };
  }
  if (
    isOurs &&
    secret?.token.state === 'valid' &&
    secret.token.signature === 'unknown' &&
    key.state === 'unavailable'
  ) {
    const { reason, message } = key.problem;
    const unchecked = `the token in Secret ${jwt.name} cannot be checked: ${message}`;
    return { type: 'Ready', status: 'Unknown', reason, message: unchecked };
  }
  const { reason, message } = problem ?? { reason: 'WriteFailed', message: 'no token was written yet' };
  return { type: 'Ready', status: 'False', reason, message };
}

/** `Ready` for a token that could not be read: the status keeps what it said before, or says that nobody knows. */
function describeDoubt(
  { name }: Observed['jwt'],
  { reason, message }: StateProblem,
  token: PresentToken | undefined,
): Condition {
  return token === undefined
    ? {
        type: 'Ready',
        status: 'Unknown',
        reason,
        message: `it is not known whether Secret ${name} holds a valid token: ${message}`,
      }
    : {
        type: 'Ready',
        status: 'True',
        reason,
        message: `Secret ${name} held a valid token when it was read last, and was not read again: ${message}`,
      };
}

function keyCondition(observed: Observed, { problem }: Outcome): Condition {
  const { jwt, key } = observed;
  const specProblem = jwt.spec.ok ? undefined : jwt.spec.problem;
  const failure = specProblem ?? (key.state === 'unavailable' ? key.problem : undefined);
  if (failure !== undefined) {
    const status = specProblem !== undefined && !specProblem.reason.startsWith('Key') ? 'Unknown' : 'False';
    return { type: 'KeyAvailable', status, reason: failure.reason, message: failure.message };
  }
  return isKeyKnown(observed)
    ? {
        type: 'KeyAvailable',
        status: 'True',
        reason: 'Signed',
        message: 'the private key was read and fits the algorithm',
      }
    : {
        type: 'KeyAvailable',
        status: 'Unknown',
        reason: problem?.reason ?? 'Signed',
        message:
          key.state === 'unread' && key.isGrantUnread === true
            ? 'whether the key exists, and may be used here, is not known yet: its Secret could not be read'
            : 'the private key is there; it is read when a token is due',
      };
}

/** Whether the key was read for the algorithm of the spec: its version does not say for which. */
function isKeyKnown({ jwt, key, recordedKey }: Observed): boolean {
  if (key.state === 'read') return true;
  const { alg } = recordedKey ?? {};
  const isOfAlgorithm = alg === undefined || (jwt.spec.ok && alg === jwt.spec.value.algorithm);
  return key.state === 'unread' && key.version === jwt.recorded.keyVersion && isOfAlgorithm;
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
