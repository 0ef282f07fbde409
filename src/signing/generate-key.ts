import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { readSigningKey, type SigningKey } from './key.ts';

const generate = promisify(generateKeyPair);

/** 128 bits of security (NIST SP 800-57), as P-256 has; a signature takes 384 bytes in each token. */
const RSA_BITS = 3_072;

/** How a key for each algorithm that OSDF's verifiers accept is made. */
const GENERATORS = {
  ES256: () => generate('ec', { namedCurve: 'P-256' }),
  RS256: () => generate('rsa', { modulusLength: RSA_BITS }),
} as const;

/** The algorithms that a key can be made for: those that OSDF's verifiers accept. */
export type NewKeyAlgorithm = keyof typeof GENERATORS;

/** Whether a key can be made for it. */
export function isNewKeyAlgorithm(name: string): name is NewKeyAlgorithm {
  return Object.hasOwn(GENERATORS, name);
}

/** A key that was made just now. */
export interface NewKey {
  /** The private key, PKCS#8. */
  readonly pem: string;
  readonly key: SigningKey;
}

/** Makes a private key and reads it back as the service will. */
export async function generateKey(algorithm: NewKeyAlgorithm): Promise<NewKey> {
  const { privateKey } = await GENERATORS[algorithm]();
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const key = await readSigningKey(pem, algorithm);
  if (!key.ok) throw new Error(`a new key for ${algorithm} cannot be used: ${key.problem.message}`);
  return { pem, key: key.value };
}
