import type { JWK } from 'jose';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { isTokenTooLong, readSecretToken } from '../resources/secret.ts';
import { findCondition } from '../reconcile/conditions.ts';
import type { KeyObservation, TokenObservation } from '../reconcile/observed.ts';
import { recognizeToken, restoreToken, type SignatureOfToken } from '../signing/recorded-token.ts';
import { readToken } from '../signing/token.ts';
import { findFacts, type TokenFacts } from '../signing/token-facts.ts';
import { judgeClaims, verifiesWith, type AskedBefore } from '../signing/check-token.ts';
import type { PublicKeys } from './public-keys.ts';
import type { SigningKey } from '../signing/key.ts';
import type { Seconds } from '../time/units.ts';

/**
 * The cached facts about a token in a Secret. The text itself, or the parts that it can be made of again, stays only until its
 * signature was checked once, or was found to be beyond checking: the cache of a large cluster holds no tokens.
 */
export interface TokenEvidence {
  /** `undefined`: the text is not a token that can be read. */
  readonly facts: TokenFacts | undefined;
  /**
   * The parts that the signature can be checked with: the text of the token, or no more than its signature if the rest follows
   * from the spec. `undefined` once it was checked, or when it was too long to be kept: a round that needs it then reads the
   * Secret.
   */
  unchecked: string | SignatureOfToken | undefined;
  /** RFC 7638 thumbprint of the public key that the signature was checked with, successfully. */
  verifiedBy: string | undefined;
  /** RFC 7638 thumbprint of the last public key that did not verify it. */
  refutedBy: string | undefined;
}

const UNREADABLE: TokenEvidence = {
  facts: undefined,
  unchecked: undefined,
  verifiedBy: undefined,
  refutedBy: undefined,
};

/**
 * Evidence of the token in a Secret's wire JSON; `undefined` when it holds none. `signedBy`: the thumbprint of the key
 * that it is already known to verify with. `jwt`: the JWT of the Secret, if it is known; it only makes the evidence smaller.
 */
export function gatherEvidence(secret: unknown, signedBy?: string, jwt?: Jwt): TokenEvidence | undefined {
  if (isTokenTooLong(secret)) return UNREADABLE;
  const text = readSecretToken(secret);
  if (text === undefined) return undefined;
  const { facts, unchecked } = recognize(text, jwt) ?? {};
  return {
    facts,
    unchecked: signedBy === undefined ? unchecked : undefined,
    verifiedBy: signedBy,
    refutedBy: undefined,
  };
}

/** The content of a token, and the part of its text that is kept; `undefined`: it cannot be read. */
function recognize(text: string, jwt: Jwt | undefined) {
  const recorded = jwt === undefined ? undefined : recognizeToken(text, jwt);
  if (recorded !== undefined) return recorded;
  const read = readToken(text);
  return read === undefined ? undefined : { facts: findFacts(read), unchecked: text };
}

/** The public key to check a signature with. */
export type VerifyingKey = Pick<SigningKey, 'publicJwk' | 'thumbprint'>;

/**
 * The recorded one if there is one (`publicJwk` is the parsed `publicKey` of the status), else that of the private key if it
 * was read.
 */
export function findVerifyingKey(
  { keyThumbprint }: Pick<RecordedStatus, 'keyThumbprint'>,
  publicJwk: JWK | undefined,
  key: SigningKey | undefined,
): VerifyingKey | undefined {
  if (publicJwk !== undefined && keyThumbprint !== undefined) return { publicJwk, thumbprint: keyThumbprint };
  return key;
}

/** The facts that the verdict on a token depends on, beside the token. */
interface Judging {
  readonly spec: JwtSpec;
  /** As of `judgeClaims`. */
  readonly asked: AskedBefore | undefined;
  readonly verifyingKey: VerifyingKey | undefined;
  /** Seconds since the epoch. */
  readonly now: Seconds;
  /** Whether a signature counts as valid until it is checked: see `isVouchedFor`. */
  readonly isTrusted: boolean;
}

/** The verdict on a token; `undefined`: its signature has to be checked first, with that key (`checkSignature`). */
export function judgeEvidence(
  evidence: TokenEvidence | undefined,
  { spec, asked, verifyingKey, now, isTrusted }: Judging,
): TokenObservation | undefined {
  if (evidence === undefined) return { state: 'faulty', cause: 'TokenMissing' };
  if (evidence.facts === undefined) return { state: 'faulty', cause: 'TokenUnreadable' };
  const verdict = judgeClaims(evidence.facts, spec, now, asked);
  if (!verdict.matches) {
    const { matches: _no, ...fault } = verdict;
    return { state: 'faulty', ...fault };
  }
  const { jti } = evidence.facts;
  const valid = {
    state: 'valid',
    expiresAt: verdict.expiresAt,
    isLegacy: verdict.isLegacy,
    tokenId: typeof jti === 'string' ? jti : undefined,
  } as const;
  // Without a key on record, what this process remembers does not count: another would not know it after a restart.
  if (verifyingKey === undefined) return { ...valid, signature: 'unknown' };
  if (evidence.verifiedBy === verifyingKey.thumbprint) return { ...valid, signature: 'verified' };
  const isRefuted = evidence.verifiedBy !== undefined || evidence.refutedBy === verifyingKey.thumbprint;
  if (isRefuted) return { state: 'faulty', cause: 'SignatureInvalid' };
  if (evidence.unchecked === undefined) return { state: 'unread' };
  return isTrusted ? { ...valid, signature: 'verified' } : undefined;
}

/**
 * Whether the status says of this token that it was checked, and nothing else about it is in question: then its signature
 * need not be checked before a round goes on, if it is soon afterwards. A start with a hundred thousand JWTs would
 * otherwise wait for as many signatures.
 */
export function isVouchedFor(
  { recorded }: Pick<Jwt, 'recorded'>,
  key: KeyObservation,
  evidence: TokenEvidence | undefined,
): boolean {
  const isSameToken = recorded.tokenId !== undefined && recorded.tokenId === evidence?.facts?.jti;
  const isSameKey = key.state === 'unread' && key.version === recorded.keyVersion;
  return isSameToken && isSameKey && findCondition(recorded, 'Ready')?.status === 'True';
}

/** Checks the signature of a token whose text is there, remembers the outcome, and drops the text. */
export async function checkSignature(
  evidence: TokenEvidence,
  verifyingKey: VerifyingKey,
  algorithm: AlgorithmName,
  publicKeys: PublicKeys,
): Promise<boolean> {
  const { unchecked = '' } = evidence;
  const text = typeof unchecked === 'string' ? unchecked : restoreToken(unchecked);
  const publicKey = await publicKeys.makeReady(verifyingKey.publicJwk, algorithm);
  const isValid = await verifiesWith(text, publicKey, algorithm);
  if (isValid) evidence.verifiedBy = verifyingKey.thumbprint;
  else evidence.refutedBy = verifyingKey.thumbprint;
  evidence.unchecked = undefined;
  return isValid;
}

/** Copies the verdict on a token that was read again to the cached evidence of the same Secret, if it is unchanged. */
export function shareOutcome(read: TokenEvidence | undefined, cached: TokenEvidence | undefined): void {
  if (read === undefined || cached === undefined || read === cached) return;
  cached.verifiedBy = read.verifiedBy ?? cached.verifiedBy;
  cached.refutedBy = read.refutedBy ?? cached.refutedBy;
  if (read.unchecked === undefined) cached.unchecked = undefined;
}
