import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import { ALGORITHMS, type Algorithm, type AlgorithmName } from '../resources/algorithms.ts';
import { isJsonObject, type JsonObject } from '../resources/json.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, ok, type Result } from '../resources/result.ts';

/** RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used". */
const MIN_RSA_BITS = 2048;
/** The largest private keys take 13,000 characters, with room for text around them; a Secret may hold a million. */
const MAX_TEXT_LENGTH = 65_536;

/** A private key that was read and fits its algorithm, with its public half ready to check and to publish. */
export interface SigningKey {
  readonly algorithm: AlgorithmName;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Public members alone (RFC 7517); carries neither `kid` nor `alg`. */
  readonly publicJwk: JWK;
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string;
}

/**
 * Reads a private key: PEM (PKCS#8, SEC1, PKCS#1; with CRLF, blank or indented lines, text around the block) or
 * the JSON text of one private JWK. Messages say what was found, never any of it.
 */
export async function readSigningKey(
  text: string,
  algorithm: AlgorithmName,
): Promise<Result<SigningKey, StateProblem>> {
  const parsed = parsePrivateKey(text);
  if (!parsed.ok) return parsed;
  const privateKey = parsed.value;
  const misfit = findMisfit(privateKey, algorithm);
  if (misfit !== undefined) return fail(misfit);
  const publicKey = createPublicKey(privateKey);
  const publicJwk = await exportJWK(publicKey);
  return ok({
    algorithm,
    privateKey,
    publicKey,
    publicJwk,
    thumbprint: await calculateJwkThumbprint(publicJwk),
  });
}

function unreadable(message: string): { readonly ok: false; readonly problem: StateProblem } {
  return fail({ reason: 'KeyUnreadable', message });
}

function parsePrivateKey(text: string): Result<KeyObject, StateProblem> {
  if (text.length > MAX_TEXT_LENGTH) {
    return unreadable(`the text has more than ${MAX_TEXT_LENGTH} characters: give the private key alone`);
  }
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return parseJwkText(trimmed);
  const pem = normalisePem(trimmed);
  if (pem === undefined) {
    return unreadable(
      'no PEM block and no JWK found: the text must contain "-----BEGIN … PRIVATE KEY-----" or be a JWK object',
    );
  }
  if (pem.label.includes('PUBLIC KEY') || pem.label.includes('CERTIFICATE')) {
    return unreadable(`found a ${pem.label}: a private key is needed to sign`);
  }
  if (pem.label.includes('ENCRYPTED') || /^Proc-Type:.*ENCRYPTED/m.test(trimmed)) {
    return unreadable(
      'the private key is encrypted: store it decrypted (openssl pkcs8 -topk8 -nocrypt -in KEY)',
    );
  }
  try {
    return ok(createPrivateKey(pem.text));
  } catch {
    return unreadable(`the ${pem.label} block does not parse: is it complete and unchanged?`);
  }
}

function parseJwkText(text: string): Result<KeyObject, StateProblem> {
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    return unreadable('the text starts like a JWK but is not valid JSON');
  }
  if (!isJsonObject(jwk)) return unreadable('a JWK must be a JSON object');
  if (Array.isArray(jwk['keys'])) return unreadable('found a JWK Set: give one private JWK of it');
  if (typeof jwk['d'] !== 'string')
    return unreadable('the JWK has no private member "d": a private key is needed to sign');
  try {
    return ok(createPrivateKey({ key: jwkMembers(jwk), format: 'jwk' }));
  } catch {
    return unreadable('the JWK does not parse: kty, curve and members must belong together (RFC 7518 §6)');
  }
}

/** The JWK's text members: all that RFC 7518 §6 and RFC 8037 §2 define for RSA, EC and OKP keys. */
function jwkMembers(jwk: JsonObject): Record<string, string> {
  const members = Object.entries(jwk).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(members);
}

/**
 * The first private-key block with every line trimmed and blank lines dropped: OpenSSL refuses both, and YAML
 * block scalars and copied web pages produce both. Blocks before it (EC PARAMETERS) are left out.
 */
function normalisePem(text: string): { readonly label: string; readonly text: string } | undefined {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g)];
  const block = blocks.find((candidate) => candidate[1]?.endsWith('PRIVATE KEY')) ?? blocks[0];
  const [, label, body] = block ?? [];
  if (label === undefined || body === undefined) return undefined;
  const lines = body.split(/\s+/).filter((line) => line !== '');
  return { label, text: [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n') };
}

/** Why a key cannot sign with an algorithm, or `undefined` when it can. */
function findMisfit(key: KeyObject, algorithm: AlgorithmName): StateProblem | undefined {
  const wanted: Algorithm = ALGORITHMS[algorithm];
  const details = key.asymmetricKeyDetails;
  if (
    key.asymmetricKeyType !== wanted.keyType ||
    (wanted.curve !== undefined && details?.namedCurve !== wanted.curve)
  ) {
    return {
      reason: 'KeyMismatch',
      message: `${algorithm} needs ${wanted.keyInWords}, this is ${describeKey(key)}`,
    };
  }
  if (wanted.keyType === 'rsa' && (details?.modulusLength ?? 0) < MIN_RSA_BITS) {
    return {
      reason: 'KeyTooShort',
      message: `${algorithm} needs ${wanted.keyInWords}, this is ${describeKey(key)}`,
    };
  }
  return undefined;
}

function describeKey(key: KeyObject): string {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa') return `an RSA key of ${details?.modulusLength ?? 'unknown'} bits`;
  if (key.asymmetricKeyType === 'ec') return `an EC key on curve ${details?.namedCurve ?? 'unknown'}`;
  return `a key of type ${key.asymmetricKeyType ?? 'unknown'}`;
}
