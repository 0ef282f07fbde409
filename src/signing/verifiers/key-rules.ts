import { isJsonObject, stringMember, textOf, type JsonObject } from '../../resources/json.ts';
import type { JWK } from 'jose';
import { findIssuerUrls } from '../issuer/urls.ts';
import { publicMembers } from '../key/public-jwk.ts';
import {
  chooseKey,
  VERIFIERS,
  type LookUp,
  type Reason,
  type VerdictFacts,
  type VerifierName,
} from './facts.ts';

/** The algorithms that scitokens-cpp and scitokens (Python) know. */
const SCITOKENS_ALGORITHMS: ReadonlySet<unknown> = new Set(['ES256', 'RS256']);
const MAX_KIDS = 5; // a line stays a line

/** The private members of a JWK (RFC 7518 §6): a prime of RSA is as good as the exponent, `k` is that of a symmetric key. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'k'];

/**
 * Returns the findings of a verifier that looks for the key of a token: the first thing that stops it, and keys that nobody
 * should see.
 */
export function judgeKeyFor(facts: VerdictFacts, verifier: VerifierName): readonly Reason[] {
  const way = VERIFIERS[verifier].fetches;
  if (way === undefined) return [];
  const { token, lookUps, signature } = facts;
  const issuer = token.claims['iss'];
  if (typeof issuer !== 'string') return []; // there is nothing to ask
  const urls = findIssuerUrls(issuer);
  if (!urls.ok)
    return refuseKey(
      'issuer-url',
      `${urls.problem} ("Issuer URL must be HTTPS")`,
      'correct spec.issuer (or spec.data.iss)',
    );
  const { alg } = token.header;
  const isScitokens = verifier === 'xrootd' || verifier === 'pelicanfs';
  if (isScitokens && !SCITOKENS_ALGORITHMS.has(alg))
    return refuseKey(
      'algorithm',
      `it knows ES256 and RS256, not ${textOf(alg)} ("Issuer is using an unsupported algorithm")`,
      'make a new key with jwt-injector keygen, and rotate to it',
    );
  const lookUp = lookUps[way];
  if (!lookUp.found) return refuseKey('keys-not-found', lookUp.problem, lookUp.remedy);
  return [...findPrivateKeys(lookUp), ...judgeSet(facts, lookUp, signature[way], verifier)];
}

/** Verifiers take the public half of such a key, and none of them says so. */
function findPrivateKeys({ keys, jwksUrl }: LookUp & { readonly found: true }): readonly Reason[] {
  const found = keys
    .filter(isJsonObject)
    .filter((key) => PRIVATE_MEMBERS.some((name) => Object.hasOwn(key, name)));
  if (found.length === 0) return [];
  const message = `the PRIVATE key is published, of kid ${listKids(found)}: anybody can sign tokens with it`;
  const remedy = `replace it at once (rotate --force), and take it away from ${jwksUrl} (docs/rotation.md)`;
  return [{ rule: 'private-key-published', refuses: false, message, remedy }];
}

function listKids(keys: readonly JsonObject[]): string {
  const kids = keys.slice(0, MAX_KIDS).map((key) => stringMember(key, 'kid') ?? '(none)');
  return `${kids.join(', ')}${keys.length > MAX_KIDS ? ' …' : ''}`;
}

function judgeSet(
  { token }: VerdictFacts,
  lookUp: LookUp & { readonly found: true },
  verifies: boolean,
  verifier: VerifierName,
): readonly Reason[] {
  const { alg, kid } = token.header;
  const { isRedirected } = lookUp;
  const keys = readKeys(lookUp.keys);
  const isPelican = verifier === 'pelican-cache' || verifier === 'pelican-origin';
  const publish = `publish the key of the token at ${lookUp.jwksUrl} (jwks --dir writes the documents)`;
  if (kid === undefined && (isPelican || keys.length !== 1))
    return refuseKey(
      'kid-missing',
      isPelican
        ? 'the token has no kid'
        : 'the token has no kid ("Key ID empty but multiple keys published")',
      'sign with jwt-injector, which sets it',
    );
  const key = chooseKey(keys, kid);
  if (key === undefined) {
    const published =
      keys.length === 0 ? 'no key is' : `${listKids(keys)} ${keys.length === 1 ? 'is' : 'are'}`;
    return refuseKey(
      'kid-unknown',
      `no key of kid ${textOf(kid)} is published ("Key ID is not published by the issuer"); ${published}`,
      publish,
    );
  }
  if (isPelican && key.alg === undefined)
    return refuseKey('key-without-alg', 'the published key has no alg, and Pelican skips it then', publish);
  if (isPelican && key.use !== undefined && key.use !== 'sig')
    return refuseKey('key-use', `the published key has use "${key.use}", and Pelican skips it then`, publish);
  if (verifier !== 'pelicanfs' && key.alg !== undefined && key.alg !== alg)
    return refuseKey(
      'key-algorithm',
      `the published key is for ${key.alg}, the token is of ${textOf(alg)}`,
      publish,
    );
  // pelicanfs takes every curve for P-256, and so does scitokens-cpp when alg says ES256.
  if (
    key.kty === 'EC' &&
    key.crv === undefined &&
    (isPelican || (verifier === 'xrootd' && key.alg === undefined))
  )
    return refuseKey('key-curve', 'the published key has no crv', publish);
  if (token.header['crit'] !== undefined && verifier !== 'xrootd')
    return refuseKey(
      'critical-header',
      'the header names extensions that must be understood (crit)',
      SIGN_AGAIN,
    );
  if (verifies) return judgeRedirect(isRedirected, verifier);
  return refuseKey(
    'signature',
    'the published key of that kid is another one ("Invalid signature")',
    publish,
  );
}

const SIGN_AGAIN = 'sign with jwt-injector, which sets none';

function judgeRedirect(isRedirected: boolean, verifier: VerifierName): readonly Reason[] {
  if (!isRedirected || verifier !== 'xrootd') return [];
  const message = 'its documents are redirected, which scitokens-cpp before 1.0.2 does not follow';
  return [{ rule: 'redirected', refuses: false, message, remedy: 'publish at the address itself' }];
}

/**
 * The objects in a JWK Set, with what is public of them: with a private member a key would be imported to sign, and verify
 * nothing. Anybody may be an issuer, and publish `{"kid":{"toString":1}}`.
 */
export function readKeys(keys: readonly unknown[]): readonly JWK[] {
  return keys.filter(isJsonObject).map((key) => Object.assign({ kty: '' }, publicMembers(key)));
}

function refuseKey(rule: string, message: string, remedy: string): readonly Reason[] {
  return [{ rule, message, remedy, refuses: true }];
}
