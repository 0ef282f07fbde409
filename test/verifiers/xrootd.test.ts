import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { secondsFromNow, signChanged, type Change } from './hand-made.ts';
import { BASE_PATH, ISSUER, SLASH_ISSUER } from './names.ts';
import { PLAIN_DATA, startSigner, usesKey, type Signer, type Spec } from './signer.ts';
import { openWorld } from './world.ts';
import { startXrootd, type Ask, type Xrootd } from './xrootd.ts';

const HELLO = `${BASE_PATH}/hello.txt`;

/** A request with a token: XRootD's answer, and for a refusal the reason in its log. */
interface Row {
  readonly status: number;
  readonly says?: RegExp;
  /** A token of the service, from a JWT with these changes of the plain one … */
  readonly spec?: Spec;
  /** … or one that the service would never make: its own token, changed and signed again. */
  readonly change?: Change;
  /** The JWT whose token is changed; default: `plain`. */
  readonly of?: 'plain' | 'slash';
  /** Default: GET of the file. */
  readonly ask?: Partial<Ask>;
}

const data = (changes: Spec): Spec => ({ data: { ...PLAIN_DATA, ...changes } });

/** Tokens that are accepted. */
const ACCEPTED: Readonly<Record<string, Row>> = {
  plain: { status: 200, spec: {} },
  'with HEAD': { status: 200, spec: {}, ask: { method: 'HEAD' } },
  'in the query': { status: 200, spec: {}, ask: { tokenIn: 'query' } },
  'as on the page of NRP, issuer with a slash': {
    status: 200,
    spec: {
      issuer: SLASH_ISSUER,
      ...usesKey('slash'),
      ...data({ scope: 'storage.read:/ storage.create:/' }),
      expiryTime: { days: 1 },
    },
  },
  'of an RSA key': {
    status: 200,
    spec: usesKey('rsa', 'RS256'),
  },
  'extra claims': { status: 200, spec: data({ username: 'john', role: ['a', { b: 1 }] }) },
  'several audiences, one of them any': {
    status: 200,
    spec: data({ aud: ['https://elsewhere.example.com', 'https://wlcg.cern.ch/jwt/v1/any'] }),
  },
  'the profile of SciTokens': {
    status: 200,
    spec: { data: { ver: 'scitoken:2.0', aud: 'ANY', scope: 'read:/', sub: 'john.doe' } },
  },
  'a scope for the folder of the file': {
    status: 200,
    spec: data({ scope: 'storage.read:/sub' }),
    ask: { path: `${BASE_PATH}/sub/file.txt` },
  },
  'a lifetime of ten years': { status: 200, spec: { expiryTime: { days: 3650 } } },
  'no jti': { status: 200, change: { claims: { jti: undefined } } },
  'no kid, where one key is published': { status: 200, of: 'slash', change: { header: { kid: undefined } } },
  'another typ': { status: 200, change: { header: { typ: 'at+jwt' } } },
};

const CLAIMS = /claim verification failed/;

/** Tokens that are refused. */
const REFUSED: Readonly<Record<string, Row>> = {
  'scope for creating alone': { status: 403, spec: data({ scope: 'storage.create:/' }) },
  'scope for another folder': { status: 403, spec: data({ scope: 'storage.read:/sub' }) },
  'scope with the base path in it': { status: 403, spec: data({ scope: `storage.read:${BASE_PATH}` }) },
  'scope for writing by a word that does not exist': {
    status: 403,
    spec: data({ scope: 'storage.write:/' }),
    ask: { method: 'PUT', path: `${BASE_PATH}/new.txt`, body: 'x' },
  },
  'no scope': {
    status: 403,
    says: /'scope' claim is mandatory/,
    spec: data({ scope: undefined }),
  },
  'a list of scopes': { status: 403, says: CLAIMS, spec: data({ scope: ['storage.read:/'] }) },
  'issuer with a slash that the server does not know': {
    status: 403,
    says: /not in list of allowed issuers/,
    spec: { issuer: `${ISSUER}/` },
  },
  'no sub': { status: 403, says: /Failed to get token subject/, spec: data({ sub: undefined }) },
  'a kid that is not published': { status: 403, says: /is not published/, spec: { keyId: 'unpublished' } },
  'another key under the kid': {
    status: 403,
    says: /Invalid signature|signature verification/i,
    spec: { ...usesKey('other'), keyId: 'first' },
  },
  'a new minor version of WLCG': {
    status: 403,
    says: /Unknown WLCG profile/,
    spec: data({ 'wlcg.ver': '1.2' }),
  },
  'ver beside wlcg.ver': { status: 403, says: /Unknown profile version/, spec: data({ ver: '1.0' }) },
  'no wlcg.ver': { status: 403, spec: data({ 'wlcg.ver': undefined }) },
  'another audience': { status: 403, says: CLAIMS, spec: data({ aud: ['https://elsewhere.example.com'] }) },
  'no audience': { status: 403, says: /'aud' claim required/, spec: data({ aud: undefined }) },
  ES384: {
    status: 403,
    spec: usesKey('es384', 'ES384'),
  },
  EdDSA: {
    status: 403,
    spec: usesKey('eddsa', 'EdDSA'),
  },
  'no iss, as token-manager signs': {
    status: 403,
    says: /'iss' claim is mandatory/,
    change: { claims: { iss: undefined } },
  },
  expired: { status: 403, change: { claims: { exp: secondsFromNow(-1) } } },
  'iat ahead': { status: 403, change: { claims: { iat: secondsFromNow(3600) } } },
  'nbf ahead': { status: 403, change: { claims: { nbf: secondsFromNow(3600) } } },
  'a signature in ASN.1': { status: 403, says: /Invalid signature/i, change: { isDer: true } },
  'no kid, where several keys are published': {
    status: 403,
    says: /multiple keys published/,
    change: { header: { kid: undefined } },
  },
};

describe('tokens of the service for XRootD', { concurrency: false }, () => {
  const world = openWorld();
  const keys = new Map<string, KeyObject>();
  let signer: Signer;
  let storage: Xrootd;
  let tokens: Readonly<Record<string, string>>;
  before(async () => {
    signer = await startSigner(world, 'matrix');
    storage = await startXrootd(world, {
      issuers: [{ issuer: ISSUER }, { issuer: SLASH_ISSUER }],
      files: { [HELLO]: 'Hello, OSDF\n', [`${BASE_PATH}/sub/file.txt`]: 'deeper\n' },
    });
    for (const [name, algorithm] of [
      ['first', 'ES256'],
      ['other', 'ES256'],
      ['slash', 'ES256'],
      ['rsa', 'RS256'],
      ['es384', 'ES384'],
      ['eddsa', 'EdDSA'],
    ] as const)
      keys.set(name, await signer.makeKey(name, algorithm));
    const all = Object.entries({ ...ACCEPTED, ...REFUSED });
    const specs = all.flatMap(([title, { spec }]) =>
      spec === undefined ? [] : [[toName(title), spec] as const],
    );
    tokens = await signer.sign(Object.fromEntries(specs));
    await signer.publish('issuer.example.com', ...['plain', 'of an RSA key', 'ES384', 'EdDSA'].map(toName));
    await signer.publish('slash.example.com', toName('as on the page of NRP, issuer with a slash'));
  });
  after(async () => {
    await storage[Symbol.asyncDispose]();
    await signer[Symbol.asyncDispose]();
  });

  function tokenOf(title: string, { change, of }: Row): string | undefined {
    if (change === undefined) return tokens[toName(title)];
    const [changed, key] =
      of === 'slash' ? ['as on the page of NRP, issuer with a slash', 'slash'] : ['plain', 'first'];
    return signChanged(tokens[toName(changed)] ?? '', keys.get(key) ?? assert.fail(key), change);
  }

  for (const [verb, rows] of [
    ['accepts', ACCEPTED],
    ['refuses', REFUSED],
  ] as const) {
    for (const [title, row] of Object.entries(rows)) {
      it(`${verb}: ${title}`, async () => {
        const token = tokenOf(title, row) ?? assert.fail('no token');
        const { status, log } = await storage.ask({ path: HELLO, token, ...row.ask });
        assert.equal(status, row.status, log);
        if (row.says !== undefined) assert.match(log, row.says);
      });
    }
  }
});

/** Makes the name of a JWT from a title. */
function toName(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
