import { formatDuration, formatTime } from '../time/format-time.ts';
import type { JwtSpec } from '../resources/jwt.ts';
import { effectiveIssuer } from '../signing/claims.ts';
import { isRenewalClamped } from '../signing/schedule.ts';
import type { Seconds } from '../time/units.ts';
import { findCondition, type Condition } from './conditions.ts';
import { describeContention } from './contention.ts';
import { isKeyChanged } from './key-record.ts';
import { overdueTime } from './next-look.ts';
import type { Observed } from './observed.ts';
import type { Outcome, PresentToken } from './outcome.ts';

/** Every condition that the status is to have after a round; `now` in seconds since the epoch. */
export function describeConditions(
  observed: Observed,
  outcome: Outcome,
  token: PresentToken | undefined,
  now: Seconds,
): readonly Condition[] {
  const { spec } = observed.jwt;
  return [
    describeReady(observed, outcome, token, now),
    describeKey(observed, outcome),
    ...(spec.ok ? describeRemarks(observed, spec.value, token, outcome, now) : []),
  ];
}

function describeReady(
  { jwt, key, secret }: Observed,
  { problem }: Outcome,
  token: PresentToken | undefined,
  now: Seconds,
): Condition {
  const isOurs = problem?.reason !== 'SecretConflict';
  if (token !== undefined && token.expiresAt > now && isOurs) {
    if (problem?.reason === 'WriteFailed' || problem?.reason === 'WriteRefused') {
      return {
        type: 'Ready',
        status: 'True',
        reason: problem.reason,
        message: `Secret ${jwt.name} holds a valid token, but nothing new can be written: ${problem.message}`,
      };
    }
    return token.legacy
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

function describeKey({ jwt, key }: Observed, { problem }: Outcome): Condition {
  const specProblem = jwt.spec.ok ? undefined : jwt.spec.problem;
  const failure = specProblem ?? (key.state === 'unavailable' ? key.problem : undefined);
  if (failure !== undefined) {
    const status = specProblem !== undefined && !specProblem.reason.startsWith('Key') ? 'Unknown' : 'False';
    return { type: 'KeyAvailable', status, reason: failure.reason, message: failure.message };
  }
  const known = key.state === 'read' || jwt.recorded.keyVersion !== undefined;
  return known
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
        message: 'the private key is there; it is read when a token is due',
      };
}

function describeRemarks(
  observed: Observed,
  spec: JwtSpec,
  token: PresentToken | undefined,
  outcome: Outcome,
  now: Seconds,
): readonly Condition[] {
  const remarks: Condition[] = [];
  if (isRenewalClamped(spec)) {
    remarks.push({
      type: 'RenewalClamped',
      status: 'True',
      reason: 'RenewalClamped',
      message: `spec.resignBefore is not shorter than spec.expiryTime: half of it, ${formatDuration(spec.lifetime / 2)}, is used; set a shorter one`,
    });
  }
  const issuer = effectiveIssuer(spec);
  if (issuer.ok && issuer.value !== spec.issuer) {
    remarks.push({
      type: 'IssuerMismatch',
      status: 'True',
      reason: 'IssuerMismatch',
      message:
        'spec.data.iss differs from spec.issuer and is the one in the token: remove spec.data.iss, or make both equal',
    });
  }
  if (observed.policyRefusal !== undefined) {
    remarks.push({ type: 'PolicyDenied', status: 'True', ...observed.policyRefusal });
  }
  if (isKeyIdReused(observed, spec, outcome)) {
    remarks.push({
      type: 'KeyIdReused',
      status: 'True',
      reason: 'KeyIdReused',
      message:
        'the key changed under an unchanged spec.keyId: verifiers keep keys by kid and may refuse the new tokens for a while; ' +
        'give a new key a new keyId and publish both',
    });
  }
  if (outcome.contenders !== undefined) {
    remarks.push({
      type: 'Contended',
      status: 'True',
      ...describeContention(observed.jwt, outcome.contenders),
    });
  }
  if (token !== undefined && token.expiresAt > now && now >= overdueTime(spec, token.expiresAt)) {
    remarks.push({
      type: 'RenewalOverdue',
      status: 'True',
      reason: 'RenewalOverdue',
      message: `no new token could be signed for a while, the current one expires at ${formatTime(token.expiresAt)}: ${outcome.problem?.message ?? 'see the log of jwt-injector'}`,
    });
  }
  return remarks;
}

/** Set by the signature with the changed key, kept until a later one is made with a key that did not change. */
function isKeyIdReused({ jwt, key }: Observed, spec: JwtSpec, { signed }: Outcome): boolean {
  const { recorded } = jwt;
  if (recorded.keyId !== spec.keyId) return false;
  return signed === undefined
    ? findCondition(recorded, 'KeyIdReused') !== undefined
    : isKeyChanged(recorded, key);
}
