import { calculateJwkThumbprint, type JWK } from 'jose';
import { ALGORITHMS, isAlgorithmName } from '../../resources/algorithms.ts';
import type { JsonObject } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Seconds } from '../../time/units.ts';
import { bareJwk, publicMembers } from '../key/public-jwk.ts';

/** Why a key is published; the first that applies, when there are several. */
export type KeyRole =
  | 'signs' // a JWT names it
  | 'retired' // tokens that it signed have not all expired
  | 'added' // given by itself: verifiers shall know it before it signs
  | 'kept'; // was published before, and nobody said that it can be removed

/** A key as one source gives it. */
export interface KeyEntry {
  /** With `kid` and `alg`; members that are private are left out. */
  readonly jwk: JWK;
  readonly role: KeyRole;
  /** The source of the key, such as `JWT science/my-jwt`; for messages. */
  readonly source: string;
  /** The time when the last token of a retired key expires, in seconds since the epoch. */
  readonly until?: Seconds;
}

/** A key of the set, with everything that is known of it. */
export interface PublishedKey {
  readonly jwk: JWK & { readonly kid: string; readonly alg: string };
  /** RFC 7638, SHA-256. */
  readonly thumbprint: string;
  readonly role: KeyRole;
  readonly sources: readonly string[];
  readonly until?: Seconds;
}

/** The keys to publish, and what is to be said of them. */
export interface KeySet {
  readonly keys: readonly PublishedKey[];
  readonly warnings: readonly string[];
}

const ORDER: readonly KeyRole[] = ['signs', 'added', 'retired', 'kept'];

/**
 * One set of all keys, each once. Two keys of one `kid`, or one key for two algorithms, are a problem, unless one is only on its
 * way out: that one is left out with a warning, since verifiers take the first that they find.
 */
export async function mergeKeys(entries: readonly KeyEntry[]): Promise<Result<KeySet, string>> {
  const keys: PublishedKey[] = [];
  const warnings: string[] = [];
  const inOrder = entries.toSorted((one, other) => ORDER.indexOf(one.role) - ORDER.indexOf(other.role));
  for (const { jwk, role, source, until } of inOrder) {
    const read = await readPublishedKey(jwk);
    if (!read.ok) return fail(`${source}: ${read.problem}`);
    const index = keys.findIndex((key) => key.jwk.kid === read.value.jwk.kid);
    const known = keys[index];
    if (known === undefined) {
      keys.push({ ...read.value, role, sources: [source], ...(until === undefined ? {} : { until }) });
    } else if (!isSameEntry(known, read.value)) {
      if (role !== 'retired' && role !== 'kept') return fail(describeSharedKid(known, read.value, source));
      warnings.push(describeReplaced(known, read.value));
      continue;
    } else if (role === 'kept') {
      continue;
    } else {
      const latest = Math.max(known.until ?? 0, until ?? 0);
      const sources = [...new Set([...known.sources, source])];
      keys[index] = { ...known, sources, ...(known.role === 'retired' ? { until: latest } : {}) };
    }
    const { alg } = read.value.jwk;
    if (isAlgorithmName(alg) && !ALGORITHMS[alg].acceptedByOsdf)
      warnings.push(`${source}: ${alg} is refused by OSDF's verifiers: use ES256 or RS256`);
  }
  return ok({ keys, warnings: [...new Set(warnings)] });
}

/** A key as it is published, without where it is from. */
type KeyWithoutSource = Pick<PublishedKey, 'jwk' | 'thumbprint'>;

/** The algorithm counts, too: XRootD and Pelican refuse a token whose algorithm is not that of the published key. */
function isSameEntry(one: KeyWithoutSource, other: KeyWithoutSource): boolean {
  return one.thumbprint === other.thumbprint && one.jwk.alg === other.jwk.alg;
}

function describeSharedKid(
  { jwk, thumbprint, sources }: PublishedKey,
  other: KeyWithoutSource,
  source: string,
): string {
  const both = `${sources.join(', ')} and ${source}`;
  const what =
    thumbprint === other.thumbprint
      ? `use one key with the same kid ${jwk.kid} for ${jwk.alg} and ${other.jwk.alg}`
      : `have different keys with the same kid ${jwk.kid}`;
  return `${both} ${what}: verifiers take the first, so give one of them another keyId`;
}

function describeReplaced({ jwk, thumbprint, sources }: PublishedKey, earlier: KeyWithoutSource): string {
  const now = thumbprint === earlier.thumbprint ? `for ${jwk.alg}, not ${earlier.jwk.alg},` : 'another key';
  return `kid ${jwk.kid} is ${now} now (${sources.join(', ')}): verifiers refuse the tokens of the earlier one; give each new key a new kid`;
}

async function readPublishedKey(jwk: JWK): Promise<Result<KeyWithoutSource, string>> {
  const { kid, alg, kty }: JsonObject = jwk; // as it was written, in any types
  if (kid === undefined || kid === '')
    return fail('the key has no kid, by which verifiers find it: add "kid"');
  if (typeof kid !== 'string')
    return fail(
      'the kid of the key is not a string (RFC 7517 §4.5), and no token can name it: put it in quotes',
    );
  if (alg === undefined) return fail(`the key ${kid} has no alg, and Pelican skips it then: add "alg"`);
  if (typeof alg !== 'string')
    return fail(`the alg of the key ${kid} is not a string (RFC 7517 §4.4): write one such as "ES256"`);
  if (typeof kty !== 'string') return fail(`the key ${kid} has no "kty"`);
  const published = { ...publicMembers(jwk), kty, kid, alg, use: 'sig' };
  try {
    return ok({ jwk: published, thumbprint: await calculateJwkThumbprint(bareJwk(published)) });
  } catch {
    return fail(`the key ${kid} is not a complete public key (RFC 7518 §6)`);
  }
}
