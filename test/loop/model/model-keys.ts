import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { makeKey, toPem } from '../../fixtures/keys.ts';
import { isJsonObject, objectMember, stringMember, type JsonObject } from '../../../src/resources/json.ts';

/** Contents of a key Secret. `es384` is for another algorithm than the other keys, `broken` is not a key. */
export const KEY_NAMES = ['first', 'second', 'third', 'es384', 'broken'] as const;
export type KeyName = (typeof KEY_NAMES)[number];

interface PoolKey {
  readonly name: KeyName;
  readonly algorithm: 'ES256' | 'ES384' | undefined;
  readonly pem: string;
  readonly privateKey: KeyObject | undefined;
  readonly publicKey: KeyObject | undefined;
  /** Thumbprint of RFC 7638. */
  readonly thumbprint: string | undefined;
}

/** Made only once: schedules are about the times at which keys change, not about the keys. */
const POOL: readonly PoolKey[] = KEY_NAMES.map((name) => {
  const algorithm = name === 'broken' ? undefined : name === 'es384' ? 'ES384' : 'ES256';
  const privateKey = algorithm === undefined ? undefined : makeKey(algorithm);
  const publicKey = privateKey === undefined ? undefined : createPublicKey(privateKey);
  const pem = privateKey === undefined ? 'no key' : toPem(privateKey);
  return { name, algorithm, pem, privateKey, publicKey, thumbprint: publicKey && thumbprintOf(publicKey) };
});

function thumbprintOf(key: KeyObject): string {
  const { crv, kty, x, y } = key.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** Whether the recorded thumbprint is that of the key. */
export function isThumbprint(recorded: unknown, name: KeyName): boolean {
  return POOL.some((key) => key.name === name && key.thumbprint === recorded);
}

/** Whether the published JWK, as text, has that kid and is another key than the one of that name. */
export function isOtherKeyOfKid(text: string | undefined, kid: unknown, name: KeyName): boolean {
  const jwk: unknown = JSON.parse(text ?? 'null');
  if (!isJsonObject(jwk) || jwk['kid'] !== kid) return false;
  const own = POOL.find((key) => key.name === name)?.publicKey?.export({ format: 'jwk' });
  return jwk['x'] !== own?.x || jwk['y'] !== own?.y;
}

export function pemOf(name: KeyName): string {
  return POOL.find((key) => key.name === name)?.pem ?? '';
}

/** The name of the key in a key Secret's text. */
export function nameKey(pem: string | undefined): KeyName | undefined {
  return POOL.find((key) => key.pem === pem)?.name;
}

export function fits(name: KeyName | undefined, algorithm: unknown): boolean {
  return POOL.some((key) => key.name === name && key.algorithm !== undefined && key.algorithm === algorithm);
}

/** A token as any verifier reads it, with the key that verifies it. */
export interface SeenToken {
  readonly text: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly exp: number;
  readonly signer: KeyName | undefined;
}

const DIGESTS: Readonly<Record<string, string>> = { ES256: 'sha256', ES384: 'sha384' };

/** Reads tokens without any code of the product. */
export class Verifier {
  readonly #seen = new Map<string, SeenToken | undefined>();

  read(text: string): SeenToken | undefined {
    if (!this.#seen.has(text)) this.#seen.set(text, readToken(text));
    return this.#seen.get(text);
  }
}

function readToken(text: string): SeenToken | undefined {
  const [head = '', body = '', signature = '', ...rest] = text.split('.');
  const header = parse(head);
  const claims = parse(body);
  if (header === undefined || claims === undefined || rest.length > 0) return undefined;
  const exp = claims['exp'];
  if (typeof exp !== 'number') return undefined;
  const digest = DIGESTS[String(header['alg'])];
  const signer = POOL.find(
    ({ algorithm, publicKey }) =>
      digest !== undefined &&
      publicKey !== undefined &&
      algorithm === header['alg'] &&
      verify(
        digest,
        Buffer.from(`${head}.${body}`),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
  );
  return { text, header, claims, exp, signer: signer?.name };
}

function parse(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A token made by hand, with a key of the pool. */
export function forge(name: KeyName, header: JsonObject, claims: JsonObject): string {
  const { algorithm, privateKey } = POOL.find((key) => key.name === name) ?? {};
  if (privateKey === undefined || algorithm === undefined) return 'not.a.token';
  const parts = [{ alg: algorithm, ...header }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = parts.join('.');
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${text}.${sign(DIGESTS[algorithm], Buffer.from(text), key).toString('base64url')}`;
}

/** Seconds of a duration in the spec. */
export function secondsOf(duration: unknown): number {
  const { days = 0, hours = 0, minutes = 0 } = isJsonObject(duration) ? duration : {};
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60;
}

/** Lifetime and effective `resignBefore` of a spec, in seconds, as documented. */
export function lifetimesOf(spec: JsonObject): { readonly lifetime: number; readonly resignBefore: number } {
  const lifetime = secondsOf(spec['expiryTime']);
  const asked = secondsOf(spec['resignBefore']);
  return { lifetime, resignBefore: asked === 0 || asked >= lifetime ? lifetime / 2 : asked };
}

/** Whether the token matches the spec and is valid at `now` (seconds since the epoch). */
export function says(token: SeenToken, spec: JsonObject, now: number): boolean {
  const { iss, iat, nbf, jti, exp, ...free } = token.claims;
  const isOurs = iss === spec['issuer'] && iat === nbf && typeof jti === 'string' && typeof exp === 'number';
  return (
    isOurs &&
    token.exp > now &&
    Number(nbf) <= now &&
    token.exp - Number(iat) === lifetimesOf(spec).lifetime + 60 &&
    token.header['kid'] === spec['keyId'] &&
    token.header['alg'] === spec['algorithm'] &&
    JSON.stringify(free) === JSON.stringify(spec['data'])
  );
}

/** `namespace/name` of the key Secret of a JWT in `namespace`. */
export function keySecretOf(spec: JsonObject, namespace: string): string {
  const secret = objectMember(objectMember(spec, 'key'), 'secret');
  return `${stringMember(secret, 'namespace') ?? namespace}/${stringMember(secret, 'name') ?? ''}`;
}
