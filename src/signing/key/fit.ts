import type { KeyObject } from 'node:crypto';
import {
  ALGORITHMS,
  MAX_RSA_BITS,
  MIN_RSA_BITS,
  type Algorithm,
  type AlgorithmName,
} from '../../resources/algorithms.ts';
import type { StateProblem } from '../../resources/problem.ts';
import type { DerKeyType } from './der.ts';

/** OpenSSL takes no longer exponent with a modulus above 3,072 bits: each check of a signature would cost as much as one. */
const MAX_EXPONENT = 2n ** 64n;

/** Why a key of this type can never sign with an algorithm, found before OpenSSL sees it; `undefined` when it may. */
export function findTypeMisfit(type: DerKeyType, algorithm: AlgorithmName): StateProblem | undefined {
  if (type === 'rsa' || type === 'ec' || type === 'ed25519') return undefined;
  return type === 'explicit-curve'
    ? mismatch(
        algorithm,
        'an EC key with explicit parameters: openssl ec -in KEY -param_enc named_curve -out key.pem',
      )
    : mismatch(algorithm, `a key of type ${type}`);
}

/** Why a key cannot sign with an algorithm, or `undefined` when it can. */
export function findMisfit(key: KeyObject, algorithm: AlgorithmName): StateProblem | undefined {
  const wanted: Algorithm = ALGORITHMS[algorithm];
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type !== wanted.keyType || details?.namedCurve !== wanted.curve)
    return mismatch(algorithm, describeKeyObject(key));
  return type === 'rsa' ? findRsaMisfit(key, algorithm) : undefined;
}

function findRsaMisfit(key: KeyObject, algorithm: AlgorithmName): StateProblem | undefined {
  const { modulusLength: bits = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (bits < MIN_RSA_BITS) return { ...mismatch(algorithm, describeKeyObject(key)), reason: 'KeyTooShort' };
  if (bits > MAX_RSA_BITS) return mismatch(algorithm, describeKeyObject(key));
  return publicExponent > 2n && publicExponent < MAX_EXPONENT
    ? undefined
    : mismatch(algorithm, 'one with an exponent of unusual size: make a new one, openssl genrsa 3072');
}

function mismatch(algorithm: AlgorithmName, found: string): StateProblem {
  return {
    reason: 'KeyMismatch',
    message: `${algorithm} needs ${ALGORITHMS[algorithm].keyInWords}, this is ${found}`,
  };
}

function describeKeyObject({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  if (type === 'rsa') return `an RSA key of ${details?.modulusLength ?? 'unknown'} bits`;
  if (type === 'ec') return `an EC key on curve ${details?.namedCurve ?? 'unknown'}`;
  return `a key of type ${type ?? 'unknown'}`;
}
