import { ISSUER, SLASH_ISSUER } from './names.ts';
import { secondsFromNow, type Change } from './hand-made.ts';

/**
 * A token that is correct or has one mistake, and the verifiers that `verify` is not expected to agree with.
 */
export interface VerdictRow extends Change {
  /** The signer; default: the issuer's published key. */
  readonly by?: 'other' | 'rsa' | 'es384' | 'ed25519' | 'hmac' | 'nobody';
  /** A last change of the compact token. */
  readonly edit?: (token: string) => string;
  /** Write a new file instead of reading one, for scopes that do not allow reading. */
  readonly isWrite?: true;
  /**
   * For each verifier whose decision differs from the verdict, the reason. A doubt differs if the verifier
   * refuses.
   */
  readonly differs?: Readonly<Partial<Record<'xrootd' | 'pelicanfs', string>>>;
}

const HOUR = 3600;
const ANY = 'https://wlcg.cern.ch/jwt/v1/any';

const claims = (changes: Readonly<Record<string, unknown>>): VerdictRow => ({ claims: changes });
const header = (changes: Readonly<Record<string, unknown>>): VerdictRow => ({ header: changes });

/** A server's configuration lists the issuers that it accepts, and `verify` only asks the issuer. */
const UNKNOWN_ISSUER = { xrootd: 'the server does not know that issuer' };

/** The doubt is about servers of this kind, and this is one. */
const OLD_LIBRARY = { xrootd: 'scitokens-cpp 0.7.3 refuses what later versions accept' };

/**
 * The published key is of ES256 and the only one of `ISSUER`. The correct token is as the service makes it.
 */
export const VERDICT_TOKENS: Readonly<Record<string, VerdictRow>> = {
  right: {},
  // header
  'kid: none, one key published': header({ kid: undefined }),
  'kid: unknown': header({ kid: 'unknown' }),
  'kid: a number': header({ kid: 7 }),
  'typ: at+jwt': header({ typ: 'at+jwt' }),
  'typ: none': header({ typ: undefined }),
  'crit: an extension that nobody knows': header({ crit: ['x'], x: 1 }),
  'alg: none, no signature': { ...header({ alg: 'none' }), by: 'nobody' },
  'alg: HS256': { ...header({ alg: 'HS256' }), by: 'hmac' },
  'alg: ES384 by its key': { ...header({ alg: 'ES384' }), by: 'es384' },
  'alg: EdDSA by its key': { ...header({ alg: 'EdDSA' }), by: 'ed25519' },
  'alg: RS256 under the kid of an EC key': { ...header({ alg: 'RS256' }), by: 'rsa' },
  'alg: RS256, signed by the EC key': header({ alg: 'RS256' }),
  // signature
  'signature: by another key': { by: 'other' },
  'signature: in ASN.1': { isDer: true },
  'signature: cut': { edit: (token) => token.slice(0, -20) },
  'signature: none': { edit: (token) => token.slice(0, token.lastIndexOf('.') + 1) },
  'a claim changed afterwards': {
    edit: (token) => {
      const [head = '', body = '', signature = ''] = token.split('.');
      const text = Buffer.from(body, 'base64url').toString().replace('john.doe', 'jane.doe');
      return [head, Buffer.from(text).toString('base64url'), signature].join('.');
    },
  },
  // iss
  'iss: none': claims({ iss: undefined }),
  'iss: a number': claims({ iss: 7 }),
  'iss: http': claims({ iss: ISSUER.replace('https', 'http') }),
  'iss: in capitals': { ...claims({ iss: ISSUER.replace('issuer', 'ISSUER') }), differs: UNKNOWN_ISSUER },
  'iss: with a slash that the server has not': { ...claims({ iss: `${ISSUER}/` }), differs: UNKNOWN_ISSUER },
  'iss: without the slash that the server has': {
    ...claims({ iss: SLASH_ISSUER.slice(0, -1) }),
    differs: UNKNOWN_ISSUER,
  },
  // sub
  'sub: none': claims({ sub: undefined }),
  'sub: a number': claims({ sub: 7 }),
  'sub: empty': claims({ sub: '' }),
  // aud
  'aud: any as a string': claims({ aud: ANY }),
  'aud: ANY': claims({ aud: 'ANY' }),
  'aud: any of WLCG under scitoken:2.0': claims({
    ver: 'scitoken:2.0',
    'wlcg.ver': undefined,
    scope: 'read:/',
  }),
  'aud: any beside another': claims({ aud: ['https://elsewhere.example.com', ANY] }),
  'aud: another': {
    ...claims({ aud: ['https://elsewhere.example.com'] }),
    differs: { xrootd: 'which audiences a server takes is in its configuration: another would take it' },
  },
  'aud: none': claims({ aud: undefined }),
  'aud: an empty list': claims({ aud: [] }),
  'aud: an empty text': claims({ aud: '' }),
  'aud: an empty text beside any': claims({ aud: ['', ANY] }),
  'aud: a number': claims({ aud: 7 }),
  'aud: a number in the list': claims({ aud: [7, ANY] }),
  // exp, nbf, iat
  'exp: none': claims({ exp: undefined }),
  'exp: past': claims({ exp: secondsFromNow(-30) }),
  'exp: a string': claims({ exp: String(secondsFromNow(HOUR)) }),
  'exp: not whole': { ...claims({ exp: secondsFromNow(HOUR) + 0.5 }), differs: OLD_LIBRARY },
  'exp: in ten years': claims({ exp: secondsFromNow(87_600 * HOUR) }),
  'nbf: none': { ...claims({ nbf: undefined }), differs: OLD_LIBRARY },
  'nbf: future': claims({ nbf: secondsFromNow(HOUR) }),
  'nbf: a number as a string': claims({ nbf: String(secondsFromNow(-60)) }),
  'nbf: a string': claims({ nbf: 'soon' }),
  'iat: none': claims({ iat: undefined }),
  'iat: future': claims({ iat: secondsFromNow(HOUR) }),
  'iat: a string': claims({ iat: 'now' }),
  // jti
  'jti: none': claims({ jti: undefined }),
  'jti: a number': claims({ jti: 7 }),
  // scope
  'scope: none': claims({ scope: undefined }),
  'scope: a list': claims({ scope: ['storage.read:/'] }),
  'scope: divided by commas': claims({ scope: 'storage.read:/,storage.create:/' }),
  'scope: divided by a line break': claims({ scope: 'openid\nstorage.read:/' }),
  'scope: a line break at the end': claims({ scope: 'storage.read:/\n' }),
  'scope: empty': claims({ scope: '' }),
  'scope: without a path': claims({ scope: 'storage.read' }),
  'scope: with a path that is not absolute': claims({ scope: 'storage.read:data' }),
  'scope: of SciTokens under wlcg.ver': claims({ scope: 'read:/' }),
  'scope: storage.write': { ...claims({ scope: 'storage.write:/' }), isWrite: true },
  'scope: storage.create': { ...claims({ scope: 'storage.create:/' }), isWrite: true },
  'scope: storage.modify': { ...claims({ scope: 'storage.modify:/' }), isWrite: true },
  'scope: others besides': claims({ scope: 'openid storage.read:/ compute.read offline_access' }),
  // profile
  'wlcg.ver: none': claims({ 'wlcg.ver': undefined }),
  'wlcg.ver: 1.2': claims({ 'wlcg.ver': '1.2' }),
  'wlcg.ver: a number': claims({ 'wlcg.ver': 1 }),
  'ver: 1.0 beside wlcg.ver': claims({ ver: '1.0' }),
  'ver: scitoken:2.0 with its words': claims({
    ver: 'scitoken:2.0',
    'wlcg.ver': undefined,
    aud: 'ANY',
    scope: 'read:/',
  }),
  'ver: scitoken:2.0 with the words of WLCG': claims({
    ver: 'scitoken:2.0',
    'wlcg.ver': undefined,
    aud: 'ANY',
  }),
  'ver: scitoken:2.0 beside wlcg.ver': claims({ ver: 'scitoken:2.0', aud: 'ANY', scope: 'read:/' }),
  'ver: scitokens:1.0': claims({
    ver: 'scitokens:1.0',
    'wlcg.ver': undefined,
    aud: undefined,
    scope: 'read:/',
  }),
  'ver: scitokens:1.0 with the any of WLCG': claims({
    ver: 'scitokens:1.0',
    'wlcg.ver': undefined,
    scope: 'read:/',
  }),
  'ver: scitokens:1.0 with a claim that it does not know': claims({
    ver: 'scitokens:1.0',
    'wlcg.ver': undefined,
    aud: undefined,
    scope: 'read:/',
    username: 'john',
  }),
  'wlcg.ver: none, in the words of SciTokens': claims({
    'wlcg.ver': undefined,
    aud: undefined,
    scope: 'read:/',
  }),
  'ver: scitoken:2.0 without aud': claims({
    ver: 'scitoken:2.0',
    'wlcg.ver': undefined,
    aud: undefined,
    scope: 'read:/',
  }),
  // others
  'claims that nobody knows': claims({ username: 'john', role: { a: [1, null] } }),
  'more than 4,096 bytes': claims({ padding: 'x'.repeat(5_000) }),
};
