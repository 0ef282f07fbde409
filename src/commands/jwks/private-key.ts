import { ALGORITHMS, isAlgorithmName } from '../../resources/algorithms.ts';
import type { StateProblem } from '../../resources/problem.ts';
import { fail, type Result } from '../../resources/result.ts';
import { readSigningKey, type SigningKey } from '../../signing/key.ts';

/** The algorithms that OSDF's verifiers accept, then the first of each other kind of key. */
const TRIED = ['ES256', 'RS256', 'ES384', 'ES512', 'EdDSA'] as const;

/** Reads a private key for the algorithm that it fits; of RSA, RS256. */
export async function readAnyKey(text: string): Promise<Result<SigningKey, StateProblem>> {
  let last: StateProblem = { reason: 'KeyMismatch', message: 'no algorithm fits the key' };
  for (const algorithm of TRIED) {
    const key = await readSigningKey(text, algorithm);
    if (key.ok) return key;
    if (key.problem.reason !== 'KeyMismatch') return key;
    last = key.problem;
  }
  return fail({ ...last, message: `the key fits none of ${names()}` });
}

function names(): string {
  return Object.keys(ALGORITHMS).filter(isAlgorithmName).join(', ');
}
