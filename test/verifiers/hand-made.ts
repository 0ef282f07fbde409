import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { IssuerSite } from './issuer-site.ts';
import { SLASH_ISSUER } from './names.ts';
import { PLAIN_DATA } from './signer.ts';

type Members = Readonly<Record<string, unknown>>;

/** The change that makes a token which the service would never make; `undefined` removes a member. */
export interface Change {
  readonly header?: Members;
  readonly claims?: Members;
  /** Use the ASN.1 form of an ECDSA signature, as OpenSSL writes it, instead of the two numbers of JWS. */
  readonly isDer?: true;
}

/** Changes a token of the service and signs it again with its key (P-256 or RSA) and SHA-256. */
export function signChanged(token: string, key: KeyObject, { header, claims, isDer }: Change): string {
  const head = { ...decodeProtectedHeader(token), ...header };
  const body = { ...decodeJwt(token), ...claims };
  return signByHand(head, body, (input) =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding: isDer === true ? 'der' : 'ieee-p1363' }),
  );
}

/**
 * A compact JWS with any header and claims, and with the signature that `makeSignature` gives for the signing
 * input.
 */
export function signByHand(
  header: Members,
  claims: Members,
  makeSignature: (input: string) => Buffer,
): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const input = parts.join('.');
  return `${input}.${makeSignature(input).toString('base64url')}`;
}

/** The time `seconds` seconds from now, in seconds since the epoch. */
export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

/**
 * Makes tokens without any code of ours, and publishes their key as that of `SLASH_ISSUER`. So the answers to
 * these tokens show what the server itself does.
 */
export async function openOtherSigner(site: IssuerSite): Promise<(claims: Members) => string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: 'by-hand', alg: 'ES256' };
  const jwks = '.well-known/jwks.json';
  const files = {
    [jwks]: { keys: [jwk] },
    '.well-known/oauth-authorization-server': { issuer: SLASH_ISSUER, jwks_uri: `${SLASH_ISSUER}${jwks}` },
  };
  for (const [path, content] of Object.entries(files)) {
    const file = join(site.folder, new URL(SLASH_ISSUER).host, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(content));
  }
  const times = { iat: secondsFromNow(-10), nbf: secondsFromNow(-10), exp: secondsFromNow(3600) };
  return (claims) =>
    signByHand(
      { alg: 'ES256', kid: 'by-hand' },
      { ...PLAIN_DATA, iss: SLASH_ISSUER, ...times, ...claims },
      (input) => sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    );
}
