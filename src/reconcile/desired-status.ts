import { isDeepStrictEqual } from 'node:util';
import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import { RENEW } from '../resources/names.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { effectiveIssuer } from '../signing/claims.ts';
import { renewalTime } from '../signing/schedule.ts';
import { wholeTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';
import { recordConditions } from './conditions.ts';
import { desiredConditions } from './desired-conditions.ts';
import { hadToken, recordKey } from './key-record.ts';
import type { Observed } from './observed.ts';
import { recordRetiredKeys } from './retired-keys.ts';
import { findOwnership } from './ownership.ts';
import type { Outcome } from './outcome.ts';
import { isTokenInDoubt, presentToken, type PresentToken } from './present-token.ts';

/** The facts about the token in the status. */
type TokenRecord = Pick<RecordedStatus, 'tokenId' | 'issuedAt' | 'expiresAt' | 'renewsAt'>;

const NO_TOKEN: TokenRecord = {
  tokenId: undefined,
  issuedAt: undefined,
  expiresAt: undefined,
  renewsAt: undefined,
};

/**
 * The whole `status` after a round. Never holds a token or a private key.
 * @param now in seconds since the epoch.
 */
export function desiredStatus(observed: Observed, outcome: Outcome, now: Seconds): RecordedStatus {
  const { jwt } = observed;
  const { generation, recorded, spec } = jwt;
  const token = presentToken(observed, outcome, now);
  const conditions = desiredConditions(observed, outcome, token, now);
  const keyRecord = recordKey(observed, outcome.signed !== undefined);
  const tokenRecord =
    token === undefined || !spec.ok
      ? recordPastToken(observed, outcome, now)
      : recordToken(jwt, spec.value, token, outcome);
  const issuer = recordIssuer(observed, outcome);
  return {
    observedGeneration: generation,
    conditions: recordConditions(conditions, recorded, generation, now),
    secretName: jwt.name,
    issuer,
    ...keyRecord,
    ...tokenRecord,
    retiredKeys: recordRetiredKeys(recorded, { ...keyRecord, ...tokenRecord, issuer }, now),
    nextAttemptAt: outcome.nextAttemptAt === undefined ? undefined : wholeTime(outcome.nextAttemptAt),
    ...recordRenewals(jwt, outcome),
  };
}

/** Whether two states of `status` say the same to everyone who reads them. */
export function isSameStatus(a: RecordedStatus, b: RecordedStatus): boolean {
  return isDeepStrictEqual(a, b);
}

/** The issuer of the tokens: while nobody knows what the Secret holds, that of the token that was seen last. */
function recordIssuer(observed: Observed, outcome: Outcome): string | undefined {
  const { recorded, spec } = observed.jwt;
  if (isTokenInDoubt(observed, outcome) && recorded.issuer !== undefined) return recorded.issuer;
  const issuer = spec.ok ? effectiveIssuer(spec.value) : undefined;
  return issuer?.ok === true ? issuer.value : undefined;
}

/**
 * The record of the last token stays while the Secret holds one that has expired: when its renewal was due is not forgotten
 * until it was made, and who watches expiries sees this one. It also stays while nobody knows what the Secret holds.
 */
function recordPastToken(observed: Observed, outcome: Outcome, now: Seconds): TokenRecord {
  const { jwt, secret } = observed;
  const { tokenId, issuedAt, expiresAt, renewsAt } = jwt.recorded;
  const holdsExpired =
    secret?.token.state === 'faulty' &&
    secret.token.cause === 'Expired' &&
    findOwnership(jwt, secret) === 'ours';
  const isExpired = expiresAt !== undefined && expiresAt <= now;
  const isKept = (holdsExpired && isExpired) || isTokenInDoubt(observed, outcome);
  return isKept ? { tokenId, issuedAt, expiresAt, renewsAt } : NO_TOKEN;
}

function recordToken(
  { uid, recorded }: Jwt,
  spec: JwtSpec,
  { tokenId, expiresAt }: PresentToken,
  { signed }: Outcome,
): TokenRecord {
  // A token whose status could not be written is not the one that the recorded time is of; some of token-manager's have no id.
  const isRecorded =
    recorded.tokenId === tokenId && (recorded.expiresAt ?? wholeTime(expiresAt)) === wholeTime(expiresAt);
  const recordedAt = isRecorded ? recorded.issuedAt : undefined;
  const issuedAt = signed?.issuedAt ?? recordedAt ?? expiresAt - spec.lifetime;
  return {
    tokenId,
    issuedAt: wholeTime(issuedAt),
    expiresAt: wholeTime(expiresAt),
    renewsAt: wholeTime(renewalTime(uid, expiresAt, spec)),
  };
}

function recordRenewals(
  { annotations, recorded }: Jwt,
  { signed }: Outcome,
): Pick<RecordedStatus, 'renewals' | 'lastRenew'> {
  const { lastRenew, renewals = 0 } = recorded;
  if (signed === undefined) return { renewals, lastRenew };
  return {
    renewals: hadToken(recorded) ? renewals + 1 : renewals,
    lastRenew: annotations[RENEW] ?? lastRenew,
  };
}
