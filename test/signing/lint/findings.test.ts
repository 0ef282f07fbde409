import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lintJwt } from '../../../src/signing/lint.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { makeKey, NRP_KEY, toPem } from '../../fixtures/keys.ts';
import { claims, GOOD_DATA, spec } from './specs.ts';

const ANY = 'https://wlcg.cern.ch/jwt/v1/any';

async function warningsOf(wire: unknown): Promise<readonly string[]> {
  const { refusals, warnings } = await lintJwt(wire, { isNew: true });
  assert.deepEqual(refusals, []);
  for (const { message } of warnings) assert.ok(message.length <= 120, `${message.length}: ${message}`);
  return warnings.map(({ rule }) => rule);
}

/** Each rule: specs that it warns of, and specs close by that it does not. */
const WARNINGS: Readonly<
  Record<string, { warned: Record<string, unknown>; quiet: Record<string, unknown> }>
> = {
  'key-in-resource': {
    warned: { 'a key as text': spec({ key: { value: NRP_KEY } }) },
    quiet: { 'a key in a Secret': spec() },
  },
  'issuer-not-https': {
    warned: {
      'plain HTTP': spec({ issuer: 'http://issuer.example.com/' }),
      'a name': spec({ issuer: 'my-issuer' }),
      'one in the claims that is no URL': claims({ iss: 'x' }),
    },
    quiet: { 'an https:// URL': spec(), 'one in the claims': claims({ iss: 'https://a.example' }) },
  },
  'issuer-white-space': {
    warned: {
      'a space at the end': spec({ issuer: 'https://issuer.example.com/ ' }),
      'a line break, as a block scalar of YAML leaves it': spec({ issuer: 'https://issuer.example.com/\n' }),
    },
    quiet: { 'an issuer without': spec() },
  },
  'wlcg-version': {
    warned: {
      'a later version': claims({ 'wlcg.ver': '1.2' }),
      'a number, as YAML makes of it without quotes': claims({ 'wlcg.ver': 1 }),
      'no version': claims({ 'wlcg.ver': undefined }),
      'no version, and a ver that nobody knows': claims({ 'wlcg.ver': undefined, ver: '1.0' }),
    },
    quiet: {
      'version 1.0': spec(),
      'the profile of SciTokens': claims({ 'wlcg.ver': undefined, ver: 'scitoken:2.0', aud: 'ANY' }),
    },
  },
  'ver-beside-wlcg-version': {
    warned: {
      'the same version twice': claims({ ver: '1.0' }),
      'two profiles': claims({ ver: 'scitoken:2.0' }),
    },
    quiet: { 'ver alone': claims({ 'wlcg.ver': undefined, ver: 'scitoken:2.0', aud: 'ANY' }) },
  },
  'audience-missing': {
    warned: {
      'no audience': claims({ aud: undefined }),
      'an empty list': claims({ aud: [] }),
      null: claims({ aud: null }),
      'a list of no texts': claims({ aud: [7, null] }),
    },
    quiet: { 'one text': claims({ aud: ANY }), 'a list': claims({ aud: [ANY] }) },
  },
  'subject-missing': {
    warned: {
      'no subject': claims({ sub: undefined }),
      'an empty one': claims({ sub: '' }),
      'a number': claims({ sub: 7 }),
    },
    quiet: { 'a text': spec() },
  },
  'scope-missing': {
    warned: {
      'no scope': claims({ scope: undefined }),
      'an empty one': claims({ scope: ' ' }),
      null: claims({ scope: null }),
      'an empty list': claims({ scope: [] }),
    },
    quiet: {
      'a scope': spec(),
      'one under another name, which has its own warning': claims({ scope: undefined, scp: 'x' }),
    },
  },
  'scope-misnamed': {
    warned: {
      scopes: claims({ scope: undefined, scopes: 'storage.read:/' }),
      'scp, as other issuers name it': claims({ scope: undefined, scp: ['storage.read:/'] }),
    },
    quiet: { 'both names': claims({ scp: 'storage.read:/' }) },
  },
  'scope-no-text': {
    warned: {
      'a list': claims({ scope: ['storage.read:/'] }),
      'a number': claims({ scope: 7 }),
      'an object': claims({ scope: { read: '/' } }),
    },
    quiet: { 'a text': spec(), 'no scope': claims({ scope: undefined }) },
  },
  'scope-commas': {
    warned: {
      'commas alone': claims({ scope: 'storage.read:/,storage.create:/' }),
      'commas and spaces': claims({ scope: 'storage.read:/, storage.create:/' }),
      'a comma at the end': claims({ scope: 'storage.read:/,' }),
    },
    quiet: { 'a comma in a path': claims({ scope: 'storage.read:/a,b' }) },
  },
  'audience-without-any': {
    warned: {
      'one service': claims({ aud: 'https://origin.example.com' }),
      'a list of services': claims({ aud: ['https://a.example', 'https://b.example'] }),
      'the word of SciTokens under WLCG’s profile': claims({ aud: 'ANY' }),
      'WLCG’s value under the profile of SciTokens': claims({ 'wlcg.ver': undefined, ver: 'scitoken:2.0' }),
    },
    quiet: {
      'a service beside any': claims({ aud: ['https://origin.example.com', ANY] }),
      'no audience at all, which has its own warning': claims({ aud: undefined }),
      'the profile of SciTokens': claims({ 'wlcg.ver': undefined, ver: 'scitokens:2.0', aud: ['ANY'] }),
    },
  },
  'algorithm-not-of-osdf': {
    warned: Object.fromEntries(
      ['RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES384', 'ES512', 'EdDSA'].map((algorithm) => [
        algorithm,
        spec({ algorithm }),
      ]),
    ),
    quiet: { RS256: spec({ algorithm: 'RS256' }), ES256: spec() },
  },
  'token-too-large': {
    warned: { '4,000 bytes of claims': claims({ note: 'x'.repeat(4_000) }) },
    quiet: { '2,400 bytes of claims': claims({ note: 'x'.repeat(2_400) }) },
  },
  'issuer-differs': {
    warned: {
      'no slash at the end': claims({ iss: 'https://issuer.example.com' }),
      'an empty one': claims({ iss: '' }),
    },
    quiet: { 'the same': claims({ iss: 'https://issuer.example.com/' }), none: spec() },
  },
  'scope-unknown': {
    warned: {
      'storage.write': claims({ scope: 'storage.read:/ storage.write:/' }),
      'without a path': claims({ scope: 'storage.read:/ storage.write' }),
      'in a list': claims({ scope: ['storage.write:/'] }),
    },
    quiet: {
      'storage.modify': claims({ scope: 'storage.read:/ storage.modify:/' }),
      'the word inside a path': claims({ scope: 'storage.read:/storage.write' }),
      'no scope': claims({ scope: undefined }),
    },
  },
  'scope-of-scitokens': {
    warned: {
      read: claims({ scope: 'read:/' }),
      'write beside others': claims({ scope: 'storage.read:/ write:/data' }),
    },
    quiet: {
      'the profile of SciTokens': claims({
        'wlcg.ver': undefined,
        ver: 'scitoken:2.0',
        aud: 'ANY',
        scope: 'read:/ write:/',
      }),
      'words that end alike': claims({ scope: 'compute.read:/ storage.read:/' }),
    },
  },
  'scope-without-path': {
    warned: {
      'no path': claims({ scope: 'storage.read' }),
      'an empty one': claims({ scope: 'storage.read: storage.create:/' }),
      'a relative one': claims({ scope: 'storage.read:data' }),
    },
    quiet: { 'a path': claims({ scope: 'storage.read:/data' }), 'other scopes': claims({ scope: 'openid' }) },
  },
  'scope-without-read': {
    warned: {
      'storage.create alone': claims({ scope: 'storage.create:/' }),
      'storage.modify alone': claims({ scope: 'storage.modify:/a  storage.stage:/' }),
    },
    quiet: {
      'with storage.read': claims({ scope: 'storage.modify:/a storage.read:/' }),
      'storage.read alone': claims({ scope: 'storage.read:/' }),
      'other scopes': claims({ scope: 'compute.create' }),
    },
  },
  'lifetime-short': {
    warned: {
      'nine minutes': spec({ expiryTime: { minutes: 9 }, resignBefore: undefined }),
      'a minute': spec({ expiryTime: { minutes: 1 }, resignBefore: undefined }),
    },
    quiet: { 'ten minutes': spec({ expiryTime: { minutes: 10 }, resignBefore: undefined }) },
  },
  'renewal-late': {
    warned: { 'two minutes': spec({ resignBefore: { minutes: 2 } }) },
    quiet: {
      'three minutes': spec({ resignBefore: { minutes: 3 } }),
      'zero, which means half': spec({ resignBefore: { minutes: 0 } }),
      none: spec({ resignBefore: undefined }),
    },
  },
  'claims-overridden': {
    warned: {
      exp: claims({ exp: 1 }),
      nbf: claims({ nbf: 1 }),
      iat: claims({ iat: null }),
      jti: claims({ jti: 'mine' }),
      'all of them': claims({ exp: 1, nbf: 1, iat: 1, jti: 1 }),
    },
    quiet: { 'claims of these names further down': claims({ cnf: { exp: 1, jti: 2 } }) },
  },
};

for (const [rule, { warned, quiet }] of Object.entries(WARNINGS)) {
  describe(`the warning ${rule}`, () => {
    for (const [name, wire] of Object.entries(warned))
      it(`is given for ${name}`, async () => assert.ok((await warningsOf(wire)).includes(rule)));
    for (const [name, wire] of Object.entries(quiet))
      it(`is not given for ${name}`, async () => assert.ok(!(await warningsOf(wire)).includes(rule)));
  });
}

describe('warnings', () => {
  it('of the NRP page’s JWT: its key lies in the resource, and nothing else', async () => {
    assert.deepEqual(await warningsOf(wireJwt().spec), ['key-in-resource']);
    assert.deepEqual(await warningsOf(spec()), []);
  });

  it('come with the most useful first: a leak, what all refuse, what some refuse, what works badly', async () => {
    const data = {
      scope: ['storage.write', 'storage.create:/,', 'read:/'],
      'wlcg.ver': 1,
      ver: '1.0',
      iss: 'x ',
      exp: 1,
      note: 'x'.repeat(4_000),
    };
    const wire = wireJwt({
      data,
      algorithm: 'ES384',
      key: { value: toPem(makeKey('ES384')) },
      expiryTime: { minutes: 5 },
      resignBefore: { minutes: 2 },
    }).spec;
    const excluded = new Set(['audience-without-any', 'scope-missing', 'scope-misnamed']);
    const all = Object.keys(WARNINGS).filter((rule) => !excluded.has(rule));
    assert.deepEqual(await warningsOf(wire), all);
  });

  it('say field, fault and remedy, in words that are the same for everyone', async () => {
    const wire = wireJwt({ data: { ...GOOD_DATA, jti: 'a', exp: 1 }, resignBefore: { minutes: 2 } }).spec;
    const { warnings } = await lintJwt(wire, { isNew: true });
    assert.deepEqual(
      warnings.map(({ message }) => message),
      [
        'spec.key.value shows the private key to all who may read JWTs: move it into a Secret, see spec.key.secret',
        'spec.resignBefore is 2 min: pods see a new token up to 90 s late, use 3 min or more',
        'spec.data: exp, jti will be overridden by ours, remove from spec.data',
      ],
    );
  });
});
