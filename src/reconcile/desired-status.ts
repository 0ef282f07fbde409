import { isDeepStrictEqual } from 'node:util';
import { describeSeconds } from '../resources/duration.ts';
import { stringMember, type JsonObject } from '../resources/json.ts';
import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import { RENEW } from '../resources/names.ts';
import type { StateProblem } from '../resources/problem.ts';
import { effectiveIssuer, type Claims } from '../signing/claims.ts';
import { effectiveResignBefore, isRenewalClamped, renewalTime } from '../signing/schedule.ts';
import { findCondition, storeConditions, type Condition } from './conditions.ts';
import { describeContention, type Contenders } from './contention.ts';
import type { Observed } from './observed.ts';
import { describeKeyRecord, isSamePublicKey } from './key-record.ts';
import { isKeyChanged } from './plan.ts';
import { readRecordedStatus } from './recorded-status.ts';
import { formatTime, parseTime } from '../time/format-time.ts';

/** What a round came to, beside what it observed. Times in seconds since the epoch. */
export interface Outcome {
  /** The token that was signed and written in this round. */
  readonly signed?: { readonly claims: Claims; readonly issuedAt: number };
  /** Why no new token could be signed, or the Secret not be written. */
  readonly problem?: StateProblem;
  /** When a failed attempt is made again, or what waits because of others is done. */
  readonly retryAt?: number;
  /** Somebody else keeps changing the Secret: the field managers that were seen. */
  readonly contenders?: Contenders;
}

/** The token that the Secret holds at the end of a round. */
interface PresentToken {
  readonly expiresAt: number;
  readonly tokenId: string | undefined;
  readonly legacy: boolean;
}

/**
 * The whole `status` after a round, as a server-side apply says it: what is left out here disappears there.
 * Never holds a token or a private key.
 */
export function desiredStatus(observed: Observed, outcome: Outcome, now: number): JsonObject {
  const { jwt } = observed;
  const token = presentToken(observed, outcome);
  const conditions = [
    describeReady(observed, outcome, token, now),
    describeKey(observed, outcome),
    ...(jwt.spec.ok ? describeRemarks(observed, jwt.spec.value, token, outcome, now) : []),
  ];
  return {
    observedGeneration: jwt.generation,
    conditions: storeConditions(conditions, jwt.status, jwt.generation, formatTime(now)),
    secretName: jwt.name,
    ...(jwt.spec.ok ? describeSpec(jwt.spec.value) : {}),
    ...describeKeyRecord(observed, outcome.signed !== undefined),
    ...(token === undefined || !jwt.spec.ok ? {} : describeToken(jwt, jwt.spec.value, token, outcome)),
    ...(outcome.retryAt === undefined ? {} : { nextAttemptAt: formatTime(outcome.retryAt) }),
    ...describeRenewals(jwt, outcome),
  };
}

/** Whether two states of `status` say the same to everyone who reads them. */
export function isSameStatus(a: JsonObject, b: JsonObject): boolean {
  const isSameKey = isSamePublicKey(a['publicKey'], b['publicKey']);
  return isSameKey && isDeepStrictEqual({ ...a, publicKey: undefined }, { ...b, publicKey: undefined });
}

/**
 * When the status has to be looked at again because time alone changes what it says: the token expires, or its
 * renewal is overdue. Seconds since the epoch; `undefined` without a valid token.
 */
export function nextStatusChange(observed: Observed, now: number): number | undefined {
  const { jwt, secret } = observed;
  if (!jwt.spec.ok || secret?.token.state !== 'valid') return undefined;
  const moments = [overdueTime(jwt.spec.value, secret.token.expiresAt), secret.token.expiresAt];
  return moments.find((moment) => moment > now);
}

/** Half of `resignBefore` has passed without a new token. */
function overdueTime(spec: JwtSpec, expiresAt: number): number {
  return expiresAt - effectiveResignBefore(spec) / 2;
}

function presentToken({ secret }: Observed, { signed }: Outcome): PresentToken | undefined {
  if (signed !== undefined)
    return { expiresAt: signed.claims.exp, tokenId: signed.claims.jti, legacy: false };
  // Whoever may write Secrets could have made one whose signature nobody could check yet.
  return secret?.token.state === 'valid' && secret.token.signature === 'verified' ? secret.token : undefined;
}

function describeReady(
  { jwt, key, secret }: Observed,
  { problem }: Outcome,
  token: PresentToken | undefined,
  now: number,
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
  const known = key.state === 'read' || readRecordedStatus(jwt.status).keyVersion !== undefined;
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
  now: number,
): readonly Condition[] {
  const remarks: Condition[] = [];
  if (isRenewalClamped(spec)) {
    remarks.push({
      type: 'RenewalClamped',
      status: 'True',
      reason: 'RenewalClamped',
      message: `spec.resignBefore is not shorter than spec.expiryTime: half of it, ${describeSeconds(spec.lifetime / 2)}, is used; set a shorter one`,
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
      message: `no new token could be signed for a while, the present one expires at ${formatTime(token.expiresAt)}: ${outcome.problem?.message ?? 'see the log of jwt-injector'}`,
    });
  }
  return remarks;
}

/** Set by the signature with the changed key, kept until a later one is made with a key that did not change. */
function isKeyIdReused(observed: Observed, spec: JwtSpec, { signed }: Outcome): boolean {
  const { status } = observed.jwt;
  const sameKeyId = stringMember(status, 'keyId') === spec.keyId;
  if (!sameKeyId) return false;
  return signed === undefined
    ? findCondition(status, 'KeyIdReused') !== undefined
    : isKeyChanged(status, observed.key);
}

function describeSpec(spec: JwtSpec): JsonObject {
  const issuer = effectiveIssuer(spec);
  return issuer.ok ? { issuer: issuer.value } : {};
}

function describeToken(jwt: Jwt, spec: JwtSpec, token: PresentToken, { signed }: Outcome): JsonObject {
  // A token whose status could not be written is not the one that the recorded time is of.
  const isRecorded = readRecordedStatus(jwt.status).tokenId === token.tokenId;
  const recorded = isRecorded ? parseTime(jwt.status['issuedAt']) : undefined;
  const issuedAt = signed?.issuedAt ?? recorded ?? token.expiresAt - spec.lifetime;
  return {
    ...(token.tokenId === undefined ? {} : { tokenId: token.tokenId }),
    issuedAt: formatTime(issuedAt),
    expiresAt: formatTime(token.expiresAt),
    renewsAt: formatTime(renewalTime(jwt.uid, token.expiresAt, spec)),
  };
}

function describeRenewals(jwt: Jwt, { signed }: Outcome): JsonObject {
  const recorded = readRecordedStatus(jwt.status);
  const renew = signed === undefined ? recorded.lastRenew : (jwt.annotations[RENEW] ?? recorded.lastRenew);
  const isFirst = jwt.status['issuedAt'] === undefined;
  return {
    renewals: signed === undefined || isFirst ? recorded.renewals : recorded.renewals + 1,
    ...(renew === undefined ? {} : { lastRenew: renew }),
  };
}
