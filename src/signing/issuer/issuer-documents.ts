import type { JWK } from 'jose';
import { JWKS_PATH, jwksUrl, OAUTH_PATH, OPENID_PATH } from './urls.ts';

/** A file below the issuer's URL. */
export interface IssuerDocument {
  /** Relative to the issuer's URL. */
  readonly path: string;
  readonly text: string;
}

/** The documents that an issuer publishes so that verifiers find its keys: two names of its metadata, and the JWK Set. */
export function issuerDocuments(issuer: string, keys: readonly JWK[]): readonly IssuerDocument[] {
  const metadata = toText({ issuer, jwks_uri: jwksUrl(issuer) });
  return [
    { path: OPENID_PATH, text: metadata },
    { path: OAUTH_PATH, text: metadata },
    { path: JWKS_PATH, text: toText({ keys }) },
  ];
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
