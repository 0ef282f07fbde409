import { isDeepStrictEqual } from 'node:util';
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
import type { Loose } from '../integration/objects.ts';
import { recordAt, type KeyRecord, type SpecRecord } from './case-file.ts';

/** A token's text and its claims, unverified. */
export interface Token {
  readonly text: string;
  readonly header: Loose;
  readonly claims: Loose;
}

/** The token in a Secret; `undefined` if there is none, or if it is not a token. */
export function tokenIn(secret: Loose): Token | undefined {
  return parseToken(Buffer.from(secret?.data?.token ?? '', 'base64').toString());
}

/** `undefined` when the text is not a token. */
export function parseToken(text: string): Token | undefined {
  try {
    return { text, header: decodeProtectedHeader(text), claims: decodeJwt(text) };
  } catch {
    return undefined;
  }
}

/** Milliseconds since the epoch; 0 if it is not a token. */
export function expiryOf(token: Token | undefined): number {
  return typeof token?.claims.exp === 'number' ? token.claims.exp * 1000 : 0;
}

const BACKDATE_S = 60;
const OWN_CLAIMS = new Set(['iss', 'iat', 'nbf', 'exp', 'jti']);
/**
 * A token that was signed just before a change can be written just after it: a write takes at most this time,
 * in ms.
 */
const IN_FLIGHT_MS = 6_000;

/**
 * What is wrong with a Secret that the service wrote at `at`: checked with the public half of the key and the
 * spec that were valid then, or shortly before. `undefined` if it is as documented.
 */
export async function findFlaw(
  secret: Loose,
  at: number,
  known: { readonly keys: readonly KeyRecord[]; readonly specs: readonly SpecRecord[] },
): Promise<string | undefined> {
  const token = tokenIn(secret);
  if (token === undefined) return 'the service wrote a Secret without a readable token';
  const flaws = await Promise.all(
    [at, at - IN_FLIGHT_MS].map((time) => findFlawAt(secret, token, { ...known, time })),
  );
  return flaws.includes(undefined) ? undefined : flaws[0];
}

async function findFlawAt(
  secret: Loose,
  token: Token,
  known: {
    readonly keys: readonly KeyRecord[];
    readonly specs: readonly SpecRecord[];
    readonly time: number;
  },
): Promise<string | undefined> {
  const { header, claims, text } = token;
  const spec = recordAt(known.specs, known.time);
  const key = recordAt(known.keys, known.time);
  if (spec === undefined || key === undefined) return 'the suite does not know what was asked for';
  if (!isDeepStrictEqual(header, { alg: spec.algorithm, kid: spec.keyId, typ: 'JWT' })) {
    return `header ${JSON.stringify(header)} instead of ${spec.algorithm}, ${spec.keyId}`;
  }
  if (key.keyId !== header.kid) return `kid ${header.kid} is not that of the key, ${key.keyId}`;
  try {
    await compactVerify(text, key.publicKey, { algorithms: [spec.algorithm] });
  } catch {
    return 'the signature is not of the key that was named';
  }
  const free = Object.fromEntries(Object.entries(claims).filter(([name]) => !OWN_CLAIMS.has(name)));
  if (!isDeepStrictEqual(free, spec.data) || claims.iss !== spec.issuer)
    return 'the claims are not those of the spec';
  if (claims.nbf !== claims.iat || claims.exp - claims.iat !== spec.lifetime + BACKDATE_S) {
    return `a lifetime of ${claims.exp - claims.iat - BACKDATE_S} s instead of ${spec.lifetime} s`;
  }
  const annotations = secret.metadata.annotations ?? {};
  const expiresAt = Date.parse(annotations['tokens.osg-htc.org/expires-at'] ?? '') / 1000;
  const signedAt = Number(annotations['tokens.osg-htc.org/last-signing-time']);
  if (expiresAt !== claims.exp || signedAt !== claims.iat + BACKDATE_S)
    return 'the annotations have other times than the token';
  return undefined;
}
