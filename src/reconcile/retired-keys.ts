import { isDeepStrictEqual } from 'node:util';
import type { RecordedStatus, RetiredKey } from '../resources/recorded-status.ts';
import { wholeTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';
import { parsePublicJwk } from './key-record.ts';

/** Key, issuer and last expiry as a status says them. */
type Signed = Pick<RecordedStatus, 'publicKey' | 'expiresAt' | 'tokenId' | 'issuer'>;

/** The facts about a key and its tokens, in an entry or of the current one. */
type Entry = Omit<Signed, 'tokenId'>;

/** The limit of the CRD. With more keys within one lifetime, those that expire first are lost. */
const MAX_KEYS = 16;

/**
 * The records in `status` of keys whose tokens outlive their use: the key of the recorded token, unless the same key and `kid`
 * now sign for the same issuer for at least as long. Entries go with the next new token after their expiry, so that time alone
 * writes nothing. `now` in seconds since the epoch.
 */
export function recordRetiredKeys(
  recorded: Signed & Pick<RecordedStatus, 'retiredKeys'>,
  present: Signed,
  now: Seconds,
): readonly RetiredKey[] | undefined {
  const replaced = isOutlived(recorded, present) ? [retire(recorded)] : [];
  if (replaced.length === 0 && present.tokenId === recorded.tokenId) return recorded.retiredKeys;
  const keys = [...replaced, ...(recorded.retiredKeys ?? [])]
    .filter((key) => key.expiresAt > now && isOutlived(key, present))
    .toSorted((one, other) => other.expiresAt - one.expiresAt)
    .filter((key, index, all) => all.findIndex((earlier) => isSame(earlier, key)) === index)
    .slice(0, MAX_KEYS);
  return keys.length === 0 ? undefined : keys;
}

/** Whether tokens of a key may still be in use when the current one is all that is known of. */
function isOutlived(key: Entry, present: Signed): key is RetiredKey {
  const { publicKey, expiresAt, issuer } = key;
  // Without an issuer there is nowhere to publish the key: verifiers refuse its tokens.
  if (publicKey === undefined || expiresAt === undefined || issuer === undefined) return false;
  return !isSame(key, present) || expiresAt > (present.expiresAt ?? 0);
}

function retire({ publicKey, expiresAt, issuer }: RetiredKey): RetiredKey {
  return { publicKey, expiresAt: wholeTime(expiresAt), issuer };
}

/** Whether both are the same key under the same `kid`, and below the same URL: verifiers find it by these. */
function isSame(one: Entry, other: Entry): boolean {
  if (one.issuer !== other.issuer) return false;
  return (
    one.publicKey === other.publicKey ||
    isDeepStrictEqual(identityOf(one.publicKey), identityOf(other.publicKey))
  );
}

/** The identity of a key, without `alg`: a key that signs with another algorithm now would be published twice under one `kid`. */
function identityOf(publicKey = ''): unknown {
  const { alg: _alg, ...jwk } = parsePublicJwk(publicKey) ?? { text: publicKey };
  return jwk;
}
