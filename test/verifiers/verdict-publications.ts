import type { RequestListener } from 'node:http';

/** A JWK, loosely typed. */
export type Jwk = Readonly<Record<string, unknown>>;

/**
 * The documents of one issuer, at the addresses that verifiers read, and one more address. Other paths are
 * answered with 404.
 */
export type Publication = Readonly<Partial<Record<keyof Parts['urls'], unknown>>>;

/** The parts of a publication. */
export interface Parts {
  readonly issuer: string;
  readonly urls: Readonly<Record<'openid' | 'oauth' | 'jwks' | 'moved', string>>;
  /** With kid, alg and use, as `jwt-injector jwks` publishes them. The key `right` signs the token. */
  readonly right: Jwk;
  readonly other: Jwk;
  readonly rsa: Jwk;
  readonly es384: Jwk;
}

/** An issuer that publishes its keys correctly, or with one mistake. The token is correct. */
export interface PublicationRow {
  readonly publish: (parts: Parts) => Publication;
  /** Header of the token, if it differs. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly signsRsa?: true;
  /**
   * For each verifier whose decision differs from the verdict, the reason. A doubt differs if the verifier
   * refuses.
   */
  readonly differs?: Readonly<Partial<Record<'xrootd' | 'pelicanfs', string>>>;
}

/** A text that is sent unchanged, not as JSON. */
export class Raw {
  readonly answer: RequestListener;
  constructor(answer: RequestListener) {
    this.answer = answer;
  }
}

const html = new Raw((_, response) => response.end('<!doctype html><title>Welcome</title>'));
const redirectTo = (location: string): Raw =>
  new Raw((_, response) => response.writeHead(302, { location }).end());
/** Both names of the metadata, and a set of keys. */
const both = (parts: Parts, keys: readonly unknown[], more: Jwk = {}): Publication => {
  const document = { issuer: parts.issuer, jwks_uri: parts.urls.jwks, ...more };
  return { openid: document, oauth: document, jwks: { keys } };
};
const without = (jwk: Jwk, ...names: readonly string[]): Jwk =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)));

/** The doubt is about servers of this kind, and this is one. */
const NOT_FOLLOWED = { xrootd: 'scitokens-cpp follows redirects from 1.0.2 on, and 0.7.3 is here' };

export const PUBLICATIONS: Readonly<Record<string, PublicationRow>> = {
  'as jwks makes it': { publish: (parts) => both(parts, [parts.right]) },
  'two keys': { publish: (parts) => both(parts, [parts.other, parts.right]) },
  'two keys, and no kid in the token': {
    publish: (parts) => both(parts, [parts.other, parts.right]),
    header: { kid: undefined },
  },
  'another key alone': { publish: (parts) => both(parts, [parts.other]) },
  'another key under the kid': {
    publish: (parts) => both(parts, [{ ...parts.other, kid: parts.right['kid'] }]),
  },
  'two keys of one kid, the right one first': {
    publish: (parts) => both(parts, [parts.right, { ...parts.other, kid: parts.right['kid'] }]),
  },
  'two keys of one kid, the right one last': {
    publish: (parts) => both(parts, [{ ...parts.other, kid: parts.right['kid'] }, parts.right]),
  },
  'a key without alg': { publish: (parts) => both(parts, [without(parts.right, 'alg')]) },
  'a key without use': { publish: (parts) => both(parts, [without(parts.right, 'use')]) },
  'a key for encryption': { publish: (parts) => both(parts, [{ ...parts.right, use: 'enc' }]) },
  'a key of another alg': { publish: (parts) => both(parts, [{ ...parts.right, alg: 'RS256' }]) },
  'a key without alg and crv': { publish: (parts) => both(parts, [without(parts.right, 'alg', 'crv')]) },
  'a key without crv': { publish: (parts) => both(parts, [without(parts.right, 'crv')]) },
  'a key without y': { publish: (parts) => both(parts, [without(parts.right, 'y')]) },
  'a key without kid, and none in the token': {
    publish: (parts) => both(parts, [without(parts.right, 'kid')]),
    header: { kid: undefined },
  },
  'a key without kid': { publish: (parts) => both(parts, [without(parts.right, 'kid')]) },
  'an RSA key': { publish: (parts) => both(parts, [parts.rsa]), signsRsa: true },
  'an RSA key without alg': { publish: (parts) => both(parts, [without(parts.rsa, 'alg')]), signsRsa: true },
  'a P-384 key beside the right one': { publish: (parts) => both(parts, [parts.es384, parts.right]) },
  'a key of an unknown type beside the right one': {
    publish: (parts) => both(parts, [{ kty: 'XYZ', kid: 'strange' }, parts.right]),
  },
  'no key': { publish: (parts) => both(parts, []) },
  'a set without keys': { publish: (parts) => ({ ...both(parts, []), jwks: {} }) },
  'a set that is HTML': { publish: (parts) => ({ ...both(parts, []), jwks: html }) },
  'no set': { publish: (parts) => ({ ...both(parts, []), jwks: undefined }) },
  'a set of 1.5 MB': {
    publish: (parts) => ({ ...both(parts, []), jwks: { keys: [parts.right], x: 'x'.repeat(1_500_000) } }),
    differs: { pelicanfs: 'pelicanfs has no limit; verify reads no more than scitokens-cpp does' },
  },
  'metadata of another issuer': {
    publish: (parts) => both(parts, [parts.right], { issuer: 'https://other.example.com' }),
  },
  'metadata without issuer': { publish: (parts) => both(parts, [parts.right], { issuer: undefined }) },
  'metadata without jwks_uri': { publish: (parts) => both(parts, [parts.right], { jwks_uri: undefined }) },
  'jwks_uri by http': {
    publish: (parts) => both(parts, [parts.right], { jwks_uri: parts.urls.jwks.replace('https', 'http') }),
  },
  'metadata that is HTML': { publish: (parts) => ({ ...both(parts, [parts.right]), openid: html }) },
  'openid-configuration alone': { publish: (parts) => ({ ...both(parts, [parts.right]), oauth: undefined }) },
  'oauth-authorization-server alone': {
    publish: (parts) => ({ ...both(parts, [parts.right]), openid: undefined }),
  },
  nothing: { publish: () => ({}) },
  'a redirected set': {
    publish: (parts) => ({
      ...both(parts, []),
      jwks: redirectTo(parts.urls.moved),
      moved: { keys: [parts.right] },
    }),
    differs: NOT_FOLLOWED,
  },
  'redirected metadata': {
    publish: (parts) => {
      const { openid: moved, jwks } = both(parts, [parts.right]);
      return { openid: redirectTo(parts.urls.moved), jwks, moved };
    },
    differs: NOT_FOLLOWED,
  },
  'metadata redirected to http': {
    publish: (parts) => {
      const { openid: moved, jwks } = both(parts, [parts.right]);
      return { openid: redirectTo(parts.urls.moved.replace('https', 'http')), jwks, moved };
    },
  },
  'a failing server': {
    publish: () => ({ openid: new Raw((_, response) => response.writeHead(500).end()) }),
  },
};
