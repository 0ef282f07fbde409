import { formatTime, parseTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';
import { arrayMember, isJsonObject, member, stringMember, type JsonObject } from './json.ts';

/** A condition as `status` holds it (`metav1.Condition`). */
export interface RecordedCondition {
  readonly type: string;
  /** `True`, `False` or `Unknown`. */
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number | undefined;
  /** Seconds since the epoch. */
  readonly lastTransitionTime: Seconds | undefined;
}

/** A public key that no longer signs, or signs for a shorter time now, while a token of it may still be in use. */
export interface RetiredKey {
  /** JWK as JSON text, ready to be published. */
  readonly publicKey: string;
  /** When the last of these tokens expires, in seconds since the epoch. */
  readonly expiresAt: Seconds;
  /** The claim `iss` of these tokens, below which the key stays published. */
  readonly issuer: string;
}

/** `status` of a JWT, as it was read or is to be written. All times in whole seconds since the epoch. */
export interface RecordedStatus {
  readonly observedGeneration: number | undefined;
  readonly conditions: readonly RecordedCondition[];
  readonly secretName: string | undefined;
  /** The claim `iss` of the tokens. */
  readonly issuer: string | undefined;
  readonly keyId: string | undefined;
  /** RFC 7638 thumbprint of the key that signed the current token. */
  readonly keyThumbprint: string | undefined;
  /** Its public half: a JWK as JSON text. Thousands of JWTs may share one text, so it is parsed only where it is used. */
  readonly publicKey: string | undefined;
  /** Keys of earlier tokens that have not expired; they have to stay published. `undefined` when there are none. */
  readonly retiredKeys: readonly RetiredKey[] | undefined;
  /** `uid/resourceVersion/data key` of the Secret with the key, or `uid/generation` of the JWT that holds it itself. */
  readonly keyVersion: string | undefined;
  /** The claim `jti` of the current token. */
  readonly tokenId: string | undefined;
  readonly issuedAt: Seconds | undefined;
  readonly expiresAt: Seconds | undefined;
  readonly renewsAt: Seconds | undefined;
  /** When a failed attempt is made again. */
  readonly nextAttemptAt: Seconds | undefined;
  readonly renewals: number | undefined;
  /** The value of the annotation `renew` that was served last. */
  readonly lastRenew: string | undefined;
}

/** Reads `status` of a JWT's wire JSON. A member that is missing or of a wrong type counts as absent. */
export function parseRecordedStatus(status: unknown): RecordedStatus {
  return {
    observedGeneration: numberMember(status, 'observedGeneration'),
    conditions: arrayMember(status, 'conditions').filter(isJsonObject).map(parseCondition),
    secretName: stringMember(status, 'secretName'),
    issuer: stringMember(status, 'issuer'),
    keyId: stringMember(status, 'keyId'),
    keyThumbprint: stringMember(status, 'keyThumbprint'),
    publicKey: stringMember(status, 'publicKey'),
    retiredKeys: parseRetiredKeys(arrayMember(status, 'retiredKeys')),
    keyVersion: stringMember(status, 'keyVersion'),
    tokenId: stringMember(status, 'tokenId'),
    issuedAt: parseTime(member(status, 'issuedAt')),
    expiresAt: parseTime(member(status, 'expiresAt')),
    renewsAt: parseTime(member(status, 'renewsAt')),
    nextAttemptAt: parseTime(member(status, 'nextAttemptAt')),
    renewals: numberMember(status, 'renewals'),
    lastRenew: stringMember(status, 'lastRenew'),
  };
}

/** The status as wire JSON, without what is absent: a server-side apply removes what it leaves out. */
export function formatRecordedStatus(status: RecordedStatus): JsonObject {
  return dropAbsent({
    ...status,
    conditions: status.conditions.map((condition) =>
      dropAbsent({ ...condition, lastTransitionTime: formatOptionalTime(condition.lastTransitionTime) }),
    ),
    retiredKeys: status.retiredKeys?.map((key) => ({ ...key, expiresAt: formatTime(key.expiresAt) })),
    issuedAt: formatOptionalTime(status.issuedAt),
    expiresAt: formatOptionalTime(status.expiresAt),
    renewsAt: formatOptionalTime(status.renewsAt),
    nextAttemptAt: formatOptionalTime(status.nextAttemptAt),
  });
}

function parseRetiredKeys(items: readonly unknown[]): readonly RetiredKey[] | undefined {
  const keys = items.flatMap((item) => {
    const publicKey = stringMember(item, 'publicKey');
    const expiresAt = parseTime(member(item, 'expiresAt'));
    const issuer = stringMember(item, 'issuer');
    if (publicKey === undefined || expiresAt === undefined || issuer === undefined) return [];
    return [{ publicKey, expiresAt, issuer }];
  });
  return keys.length === 0 ? undefined : keys;
}

function parseCondition(condition: JsonObject): RecordedCondition {
  return {
    type: stringMember(condition, 'type') ?? '',
    status: stringMember(condition, 'status') ?? '',
    reason: stringMember(condition, 'reason') ?? '',
    message: stringMember(condition, 'message') ?? '',
    observedGeneration: numberMember(condition, 'observedGeneration'),
    lastTransitionTime: parseTime(member(condition, 'lastTransitionTime')),
  };
}

function numberMember(value: unknown, key: string): number | undefined {
  const found = member(value, key);
  return typeof found === 'number' ? found : undefined;
}

function formatOptionalTime(time: Seconds | undefined): string | undefined {
  return time === undefined ? undefined : formatTime(time);
}

function dropAbsent(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
