/** The requirements of a JWS `alg` (RFC 7518 §3.1, RFC 8037) for its key, and the verifiers that accept it. */
export interface Algorithm {
  /** Node's `asymmetricKeyType`. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  /** OpenSSL's name of the curve (`asymmetricKeyDetails.namedCurve`), for EC keys. */
  readonly curve?: string;
  /** The key in words, as an error message names what was expected. */
  readonly keyInWords: string;
  /** Whether OSDF's verifiers (scitokens-cpp) accept it; they know RS256 and ES256 alone. */
  readonly acceptedByOsdf: boolean;
}

/** RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used". */
export const MIN_RSA_BITS = 2_048;
/** A signature with 8,192 bits takes 35 ms of CPU, with 16,384 already seconds of one of libuv's four threads. */
export const MAX_RSA_BITS = 8_192;

const rsa = {
  keyType: 'rsa',
  keyInWords: `an RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`,
  acceptedByOsdf: false,
} as const;

/** Every algorithm a JWT resource may name. */
export const ALGORITHMS = {
  RS256: { ...rsa, acceptedByOsdf: true },
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: { keyType: 'ec', curve: 'prime256v1', keyInWords: 'an EC key on curve P-256', acceptedByOsdf: true },
  ES384: { keyType: 'ec', curve: 'secp384r1', keyInWords: 'an EC key on curve P-384', acceptedByOsdf: false },
  ES512: { keyType: 'ec', curve: 'secp521r1', keyInWords: 'an EC key on curve P-521', acceptedByOsdf: false },
  EdDSA: { keyType: 'ed25519', keyInWords: 'an Ed25519 key', acceptedByOsdf: false },
} as const satisfies Record<string, Algorithm>;

/** The values of `spec.algorithm`, and of the header's `alg` (RFC 7518 §3.1, RFC 8037). */
export type AlgorithmName = keyof typeof ALGORITHMS;

/** Whether a value of any type is one of `ALGORITHMS`, in exactly that spelling. */
export function isAlgorithmName(value: unknown): value is AlgorithmName {
  return typeof value === 'string' && Object.hasOwn(ALGORITHMS, value);
}
