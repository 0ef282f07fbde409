import { calculateJwkThumbprint, type JWK } from 'jose';
import { bareJwk } from '../../signing/key.ts';
import { chooseKey, type LookUp } from '../../signing/verifiers/facts.ts';
import { readKeys } from '../../signing/verifiers/key-rules.ts';

/** Why a verifier that looks up the keys of the issuer would not find these, byte for byte; `undefined` when all do. */
export async function findPublicationProblem(
  lookUps: readonly LookUp[],
  wanted: readonly JWK[],
): Promise<string | undefined> {
  for (const lookUp of lookUps) {
    if (!lookUp.found) return lookUp.problem;
    const published = readKeys(lookUp.keys);
    for (const key of wanted) {
      const found = chooseKey(published, key.kid ?? '');
      if (found === undefined) return `${lookUp.jwksUrl} has no key of kid ${key.kid}`;
      if (found.alg !== key.alg)
        return `${lookUp.jwksUrl} has the key of kid ${key.kid} without alg ${key.alg}`;
      if (!(await isSameKey(found, key))) return `${lookUp.jwksUrl} has another key under kid ${key.kid}`;
    }
  }
  return undefined;
}

async function isSameKey(one: JWK, other: JWK): Promise<boolean> {
  const thumbprints = [one, other].map((jwk) => calculateJwkThumbprint(bareJwk(jwk)).catch(() => undefined));
  const [first, second] = await Promise.all(thumbprints);
  return first !== undefined && first === second;
}
