import { calculateJwkThumbprint, type JWK } from 'jose';
import { bareJwk } from '../../signing/key/public-jwk.ts';
import { chooseKey, type LookUp } from '../../signing/verifiers/facts.ts';
import { readKeys } from '../../signing/verifiers/key-rules.ts';
import type { LookUps } from '../issuer/look-up.ts';

/** Why a verifier does not find the keys of a rotation. */
export interface PublicationProblem {
  readonly message: string;
  /** The issuer, or what stands before it, does not answer: that says nothing about what it publishes. */
  readonly isUnreachable: boolean;
}

/**
 * Why a verifier that looks up the keys of the issuer would not find these, byte for byte; `undefined` when all do. An answer
 * that lacks one comes before none.
 */
export async function findPublicationProblem(
  { ways, asked }: Pick<LookUps, 'ways' | 'asked'>,
  wanted: readonly JWK[],
): Promise<PublicationProblem | undefined> {
  const isFailing = asked.some(({ status }) => status >= 500);
  const problems: PublicationProblem[] = [];
  for (const lookUp of Object.values(ways)) {
    const message = lookUp.found ? await findMissing(lookUp, wanted) : lookUp.problem;
    const isUnreachable = !lookUp.found && (lookUp.isUnreachable || isFailing);
    if (message !== undefined) problems.push({ message, isUnreachable });
  }
  return problems.find(({ isUnreachable }) => !isUnreachable) ?? problems[0];
}

async function findMissing(
  { keys, jwksUrl }: Extract<LookUp, { found: true }>,
  wanted: readonly JWK[],
): Promise<string | undefined> {
  const published = readKeys(keys);
  for (const key of wanted) {
    const found = chooseKey(published, key.kid ?? '');
    if (found === undefined) return `${jwksUrl} has no key of kid ${key.kid}`;
    if (found.alg !== key.alg) return `${jwksUrl} has the key of kid ${key.kid} without alg ${key.alg}`;
    if (!(await haveSameThumbprint(found, key))) return `${jwksUrl} has another key under kid ${key.kid}`;
  }
  return undefined;
}

async function haveSameThumbprint(one: JWK, other: JWK): Promise<boolean> {
  const thumbprints = [one, other].map((jwk) => calculateJwkThumbprint(bareJwk(jwk)).catch(() => undefined));
  const [first, second] = await Promise.all(thumbprints);
  return first !== undefined && first === second;
}
