import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign, compactVerify, exportJWK, type JWK } from 'jose';
import type { AlgorithmName } from '../resources/algorithms.ts';
import { KEY_TEXT_TOO_LONG, MAX_KEY_TEXT, unreadableKey } from '../resources/key-source.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { isLongerThan } from '../resources/text-length.ts';
import { typeOfPkcs1, typeOfPkcs8, typeOfSec1 } from './key/der.ts';
import { findMisfit, findTypeMisfit } from './key/fit.ts';
import { parseJwk } from './key/jwk.ts';
import { nameOtherBlock, nameOtherForm } from './key/other-forms.ts';
import { findPemBlock, type PemBlock } from './key/pem.ts';

/** A private key that was read, fits its algorithm and signed once, with its public half ready to check and to publish. */
export interface SigningKey {
  readonly algorithm: AlgorithmName;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Public members alone (RFC 7517); carries neither `kid` nor `alg`: see `publishedJwk`. */
  readonly publicJwk: JWK;
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string;
}

/** The blocks that hold a private key (RFC 5958, RFC 5915, RFC 8017), by label. */
const PEM_TYPES = {
  'PRIVATE KEY': { type: 'pkcs8', find: typeOfPkcs8 },
  'EC PRIVATE KEY': { type: 'sec1', find: typeOfSec1 },
  'RSA PRIVATE KEY': { type: 'pkcs1', find: typeOfPkcs1 },
} as const;

/**
 * Reads a private key: PEM (PKCS#8, SEC1, PKCS#1; with CRLF, blank or indented lines, text around the block) or the
 * JSON text of one private JWK, and signs and verifies with it once. Messages say what was found, never any of it.
 * Nothing is computed with a key before its type and size are known: a key of the wrong kind can cost seconds.
 */
export async function readSigningKey(
  text: string,
  algorithm: AlgorithmName,
): Promise<Result<SigningKey, StateProblem>> {
  const parsed = parsePrivateKey(text, algorithm);
  if (!parsed.ok) return parsed;
  const misfit = findMisfit(parsed.value, algorithm);
  if (misfit !== undefined) return fail(misfit);
  const key = await proveKey(parsed.value, algorithm);
  return key === undefined
    ? unreadableKey('its private and public parts do not belong together: give the key as it was made')
    : ok(key);
}

/** The key with its public half, `undefined` when the one does not sign what the other verifies. */
async function proveKey(privateKey: KeyObject, algorithm: AlgorithmName): Promise<SigningKey | undefined> {
  try {
    const publicKey = createPublicKey(privateKey);
    const proof = await new CompactSign(new Uint8Array(1))
      .setProtectedHeader({ alg: algorithm })
      .sign(privateKey);
    await compactVerify(proof, publicKey, { algorithms: [algorithm] });
    const publicJwk = await exportJWK(publicKey);
    const thumbprint = await calculateJwkThumbprint(publicJwk);
    return { algorithm, privateKey, publicKey, publicJwk, thumbprint };
  } catch {
    return undefined;
  }
}

function parsePrivateKey(text: string, algorithm: AlgorithmName): Result<KeyObject, StateProblem> {
  if (isLongerThan(text, MAX_KEY_TEXT)) return unreadableKey(KEY_TEXT_TOO_LONG);
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) {
    const jwk = parseJwk(trimmed);
    return jwk.ok ? jwk : unreadableKey(jwk.problem);
  }
  const block = findPemBlock(trimmed);
  if ('label' in block) return parseBlock(block, algorithm);
  if (block.cutOff !== undefined) {
    return unreadableKey(
      `the ${block.cutOff} block is cut off: its line "-----END ${block.cutOff}-----" is missing`,
    );
  }
  return unreadableKey(
    nameOtherForm(trimmed) ??
      'no PEM block and no JWK found: the text must contain "-----BEGIN … PRIVATE KEY-----" or be a JWK object',
  );
}

function parseBlock(block: PemBlock, algorithm: AlgorithmName): Result<KeyObject, StateProblem> {
  const { label, base64, encrypted } = block;
  const other = nameOtherBlock(block);
  if (other !== undefined) return unreadableKey(other);
  if (label.includes('PUBLIC KEY') || label.includes('CERTIFICATE')) {
    return unreadableKey(`found a ${label}: a private key is needed to sign`);
  }
  if (label === 'EC PARAMETERS') {
    return unreadableKey(
      'found EC PARAMETERS: the block with the private key, which follows them, is missing',
    );
  }
  if (label.includes('ENCRYPTED') || encrypted) {
    return unreadableKey(
      'the private key is encrypted: store it decrypted (openssl pkcs8 -topk8 -nocrypt -in KEY)',
    );
  }
  const broken = unreadableKey(`the ${label} block does not parse: is it complete and unchanged?`);
  if (!isPemType(label)) return broken;
  const { type, find } = PEM_TYPES[label];
  const der = Buffer.from(base64, 'base64');
  const found = find(der);
  if (found === undefined) return broken;
  const misfit = findTypeMisfit(found, algorithm);
  if (misfit !== undefined) return fail(misfit);
  try {
    return ok(createPrivateKey({ key: der, format: 'der', type }));
  } catch {
    return broken;
  }
}

function isPemType(label: string): label is keyof typeof PEM_TYPES {
  return Object.hasOwn(PEM_TYPES, label);
}
