import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LookUp } from '../../../src/signing/verifiers/facts.ts';
import { judgeToken } from '../../../src/signing/verifiers/judge.ts';
import { NOW } from '../../fixtures/observed.ts';

const ANY = 'https://wlcg.cern.ch/jwt/v1/any';
const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' };
const CLAIMS = {
  iss: 'https://a.example',
  sub: 'me',
  aud: [ANY],
  scope: 'storage.read:/',
  'wlcg.ver': '1.0',
  iat: NOW - 60,
  nbf: NOW - 60,
  exp: NOW + 3600,
  jti: 'id',
};
const ALL = ['pelican-client', 'pelicanfs', 'pelican-cache', 'pelican-origin', 'xrootd'];
const [CLIENT, FS, CACHE, ORIGIN, XROOTD] = ALL as [string, string, string, string, string];
const SERVERS = [CACHE, ORIGIN];
const CLIENTS = [CLIENT, FS];
const KEEPERS = [FS, ...SERVERS, XROOTD];

function judge(
  claims: Record<string, unknown> = {},
  { header = {}, keys = [jwk] as readonly unknown[], signed = true, bytes = 500, isRedirected = false } = {},
) {
  const lookUp: LookUp = { found: true, keys, jwksUrl: 'https://a.example/keys', isRedirected };
  const present = Object.entries({ ...CLAIMS, ...claims }).filter(([, value]) => value !== undefined);
  const token = { header: { alg: 'ES256', kid: 'k', ...header }, claims: Object.fromEntries(present) };
  const facts = {
    token,
    bytes,
    lookUps: { openid: lookUp, xrootd: lookUp },
    signature: { openid: signed, xrootd: signed },
    now: NOW,
  };
  const verdicts = judgeToken(facts);
  const by = (wanted: string) =>
    verdicts.filter(({ verdict }) => verdict === wanted).map(({ verifier }) => verifier);
  return { refused: by('refuses'), doubted: by('doubts'), verdicts };
}

/** The findings of one verifier, each after the name of its rule. */
function sayings(by: string, claims: Record<string, unknown>): readonly string[] {
  const found = judge(claims).verdicts.find(({ verifier }) => verifier === by);
  return found?.reasons.map(({ rule, message }) => `${rule}: ${message}`) ?? [];
}

/** Observed with the real programs, or read in their source. */
const TABLE: readonly (readonly [
  title: string,
  claims: Record<string, unknown>,
  refused: readonly string[],
  doubted?: readonly string[],
])[] = [
  ['no mistake', {}, []],
  ['extra claims', { username: 'x', role: ['y'] }, []],
  ['no jti', { jti: undefined }, []],
  ['a jti that is a number', { jti: 7 }, [FS, XROOTD]],
  ['no iss', { iss: undefined }, ALL],
  ['an iss of http', { iss: 'http://a.example' }, KEEPERS],
  ['no sub', { sub: undefined }, [XROOTD]],
  ['a sub that is a number', { sub: 7 }, [FS, XROOTD]],
  ['an empty sub', { sub: '' }, []],
  ['no aud', { aud: undefined }, [XROOTD]],
  ['an empty aud', { aud: [] }, [CACHE, ORIGIN, XROOTD]],
  ['an aud that is an empty text', { aud: '' }, [CACHE, ORIGIN, XROOTD]],
  ['an aud as text', { aud: ANY }, []],
  ['the any of SciTokens', { aud: 'ANY' }, [XROOTD]],
  ['an aud with a number in it', { aud: [7, ANY] }, [XROOTD]],
  ['a specific aud beside the any of SciTokens', { aud: ['https://origin.example', 'ANY'] }, [], [XROOTD]],
  ['a specific aud', { aud: ['https://origin.example'] }, [CACHE], [ORIGIN, XROOTD]],
  ['a specific aud beside any', { aud: ['https://origin.example', ANY] }, []],
  ['no scope', { scope: undefined }, [...SERVERS, XROOTD], CLIENTS],
  ['a list of scopes', { scope: ['storage.read:/'] }, KEEPERS, [CLIENT]],
  ['commas', { scope: 'storage.read:/, storage.create:/' }, [...SERVERS, XROOTD], CLIENTS],
  ['line breaks', { scope: 'storage.read:/\nstorage.create:/' }, [XROOTD], [...CLIENTS, ...SERVERS]],
  ['storage.write alone', { scope: 'storage.write:/' }, [...SERVERS, XROOTD], CLIENTS],
  ['a scope without a path', { scope: 'storage.read' }, SERVERS, [...CLIENTS, XROOTD]],
  ['a scope with a relative path', { scope: 'storage.read:data' }, [...SERVERS, XROOTD], CLIENTS],
  ['a scope in the words of SciTokens', { scope: 'read:/' }, SERVERS, [...CLIENTS, XROOTD]],
  ['a relative path that ends in a slash', { scope: 'storage.read:data/' }, [...SERVERS, XROOTD], CLIENTS],
  ['uploads in place without reading', { scope: 'storage.modify:/' }, [], [CLIENT, ...SERVERS]],
  ['reading alone', { scope: 'storage.read:/ openid' }, []],
  ['uploads and reading', { scope: 'storage.read:/ storage.create:/ storage.modify:/' }, []],
  ['uploads without reading', { scope: 'storage.create:/' }, [], [CLIENT, ...SERVERS]],
  ['no wlcg.ver', { 'wlcg.ver': undefined }, [XROOTD], [CLIENT]],
  ['wlcg.ver 1.2', { 'wlcg.ver': '1.2' }, [XROOTD]],
  ['wlcg.ver as a number', { 'wlcg.ver': 1 }, [XROOTD]],
  ['ver 1.0 beside it', { ver: '1.0' }, [XROOTD]],
  [
    'SciTokens 2.0',
    { ver: 'scitoken:2.0', 'wlcg.ver': undefined, aud: 'ANY', scope: 'read:/' },
    SERVERS,
    CLIENTS,
  ],
  [
    'SciTokens 2.0 by its other name',
    { ver: 'scitokens:2.0', 'wlcg.ver': undefined, aud: 'ANY', scope: 'read:/' },
    SERVERS,
    CLIENTS,
  ],
  [
    'SciTokens 2.0 in the words of WLCG',
    { ver: 'scitoken:2.0', 'wlcg.ver': undefined, aud: 'ANY' },
    [XROOTD],
  ],
  [
    'SciTokens 1.0 without aud',
    { ver: 'scitokens:1.0', 'wlcg.ver': undefined, aud: undefined, scope: 'read:/' },
    SERVERS,
    CLIENTS,
  ],
  [
    'SciTokens 1.0 with the any of WLCG, which it does not know',
    { ver: 'scitokens:1.0', 'wlcg.ver': undefined, scope: 'read:/' },
    [...SERVERS, XROOTD],
    CLIENTS,
  ],
  [
    'SciTokens 1.0 with a claim of its own',
    { ver: 'scitokens:1.0', 'wlcg.ver': undefined, aud: undefined, scope: 'read:/', username: 'x' },
    [...SERVERS, XROOTD],
    CLIENTS,
  ],
  [
    'SciTokens 1.0 with all claims that it knows',
    { ver: 'scitokens:1.0', 'wlcg.ver': undefined, aud: 'https://origin.example', opt: 1, scope: 'read:/' },
    SERVERS,
    [...CLIENTS, XROOTD],
  ],
  [
    'SciTokens 1.0 beside wlcg.ver',
    { ver: 'scitokens:1.0', aud: undefined, scope: 'read:/' },
    [...SERVERS, XROOTD],
    CLIENTS,
  ],
  [
    'no version in the words of SciTokens',
    { 'wlcg.ver': undefined, aud: undefined, scope: 'read:/' },
    SERVERS,
    [...CLIENTS, XROOTD],
  ],
  [
    'no version with the any of WLCG',
    { 'wlcg.ver': undefined, scope: 'read:/' },
    [...SERVERS, XROOTD],
    CLIENTS,
  ],
  ['expired by a second', { exp: NOW - 1 }, [CLIENT, FS, XROOTD]],
  ['expired by two minutes', { exp: NOW - 120 }, ALL],
  ['about to expire', { exp: NOW + 5 }, [CLIENT]],
  ['no exp', { exp: undefined }, ALL],
  ['ten years', { exp: NOW + 3.15e8 }, []],
  ['no iat', { iat: undefined }, [XROOTD]],
  ['iat 5 s ahead', { iat: NOW + 5 }, [FS, XROOTD]],
  ['iat 2 min ahead', { iat: NOW + 120 }, KEEPERS],
  ['no nbf', { nbf: undefined }, [], [XROOTD]],
  ['nbf 5 s ahead', { nbf: NOW + 5 }, [CLIENT, FS, XROOTD]],
  ['a time as text', { iat: 'now' }, [FS, XROOTD]],
  ['a time with a fraction', { exp: NOW + 60.5 }, [], [XROOTD]],
  ['nbf with a fraction', { nbf: NOW - 60.5 }, [], [XROOTD]],
  ['iat with a fraction', { iat: NOW - 60.5 }, [], [XROOTD]],
  ['an nbf of digits as text', { nbf: '1800000000' }, [XROOTD]],
  ['an iat of one digit as text', { iat: '1' }, [XROOTD]],
  ['an nbf as text', { nbf: 'now' }, [FS, XROOTD]],
  ['text that ends in digits', { nbf: 'x12' }, [FS, XROOTD]],
  ['text that begins with digits', { iat: '12x' }, [FS, XROOTD]],
  ['it expires this very second', { exp: NOW }, [CLIENT]],
  ['it expired as long ago as the servers allow', { exp: NOW - 60 }, [CLIENT, FS, XROOTD]],
  ['it expires as soon as the director allows', { exp: NOW + 10 }, []],
  ['iat as far ahead as the servers allow', { iat: NOW + 60 }, [FS, XROOTD]],
  ['nbf as far ahead as the servers allow', { nbf: NOW + 60 }, [CLIENT, FS, XROOTD]],
  ['iat this very second', { iat: NOW }, []],
  ['nbf this very second', { nbf: NOW }, []],
];

describe('the verdict of the verifiers:', () => {
  for (const [title, claims, refused, doubted = []] of TABLE) {
    it(`a token (${title}) is refused by ${refused.length === 0 ? 'nobody' : refused.join(', ')}`, () => {
      const found = judge(claims);
      assert.deepEqual([found.refused, found.doubted], [refused, doubted]);
    });
  }

  for (const [title, options, refused] of [
    ['no kid, one key', { header: { kid: undefined } }, SERVERS],
    ['no kid, two keys', { header: { kid: undefined }, keys: [jwk, { ...jwk, kid: 'l' }] }, KEEPERS],
    ['another kid', { header: { kid: 'l' } }, KEEPERS],
    ['a key without alg', { keys: [{ ...jwk, alg: undefined }] }, SERVERS],
    ['a key without use', { keys: [{ ...jwk, use: undefined }] }, []],
    ['a key of another algorithm', { keys: [{ ...jwk, alg: 'RS256' }] }, [...SERVERS, XROOTD]],
    ['an EC key without a curve', { keys: [{ ...jwk, crv: undefined }] }, SERVERS],
    ['an extension that is critical', { header: { crit: ['x'], x: 1 } }, [FS, ...SERVERS]],
    [
      'an EC key without alg and curve',
      { keys: [{ ...jwk, alg: undefined, crv: undefined }] },
      [...SERVERS, XROOTD],
    ],
    ['another key', { signed: false }, KEEPERS],
    ['ES384', { header: { alg: 'ES384' }, keys: [{ ...jwk, alg: 'ES384' }] }, [FS, XROOTD]],
    ['a set with rubbish in it', { keys: [null, 'x', 7, [], {}, jwk] }, []],
  ] as const) {
    it(`a token (${title}) is refused by ${refused.length === 0 ? 'nobody' : refused.join(', ')}`, () => {
      assert.deepEqual(judge({}, options).refused, refused);
    });
  }

  it('a long token is accepted over https and not over root://', () => {
    assert.deepEqual(judge({}, { bytes: 4_097 }).doubted, [XROOTD]);
    assert.deepEqual(judge({}, { bytes: 4_096 }).doubted, []);
  });

  it('redirected documents are not followed by every version of scitokens-cpp', () => {
    assert.deepEqual(judge({}, { isRedirected: true }).doubted, [XROOTD]);
  });

  /** The exact messages of XRootD or of a Pelican server. */
  const WORDS: readonly (readonly [
    title: string,
    claims: Record<string, unknown>,
    xrootd: readonly string[],
  ])[] = [
    [
      'no wlcg.ver',
      { 'wlcg.ver': undefined },
      [
        'profile: there is no wlcg.ver: its rules are those of SciTokens 1.0 then',
        `audience: ${ANY} does not mean any audience in profile SciTokens 1.0 ("'aud' claim verification failed")`,
        'scope: the scopes of SciTokens 1.0 are read: and write:, with a path',
      ],
    ],
    [
      'a wlcg.ver that is a number',
      { 'wlcg.ver': 1 },
      ['profile: wlcg.ver is not the string "1.0" ("Unknown WLCG profile version in token")'],
    ],
    [
      'no scope',
      { scope: undefined },
      ['scope: the claim scope is missing ("\'scope\' claim is mandatory")'],
    ],
    ['a scope of something else', { scope: 'openid' }, ['scope: no scope allows anything of storage']],
    [
      'an empty aud',
      { aud: [] },
      ['audience: aud names no one that it knows ("\'aud\' claim verification failed")'],
    ],
    [
      'the any of SciTokens',
      { aud: 'ANY' },
      [`audience: ANY does not mean any audience in profile WLCG ("'aud' claim verification failed")`],
    ],
    [
      'no aud under SciTokens 2.0',
      { ver: 'scitoken:2.0', 'wlcg.ver': undefined, aud: undefined, scope: 'read:/' },
      [`audience: the claim aud is missing ("'aud' claim required for SciTokens 2.0 profile")`],
    ],
    [
      'a claim that SciTokens 1.0 does not know',
      { ver: 'scitokens:1.0', 'wlcg.ver': undefined, aud: undefined, scope: 'read:/', username: 'x' },
      ['claim-unknown: SciTokens 1.0 does not know the claim username ("claim verification is mandatory")'],
    ],
  ];
  for (const [title, claims, xrootd] of WORDS) {
    it(`${title} has its own words`, () => assert.deepEqual(sayings(XROOTD, claims), xrootd));
  }

  it('only a profile of SciTokens gets the remark that Pelican only supports the scopes of WLCG', () => {
    const said = 'profile-of-scitokens: Pelican knows only the scopes of WLCG';
    const scitokens = { ver: 'scitoken:2.0', 'wlcg.ver': undefined, aud: 'ANY' };
    assert.ok(sayings(ORIGIN, { ...scitokens, scope: 'read:/' }).includes(said));
    assert.ok(!sayings(ORIGIN, scitokens).includes(said));
    assert.ok(!sayings(ORIGIN, { scope: 'read:/' }).includes(said));
  });

  it('only scopes that allow uploads get the remark that uploads fail without reading', () => {
    const said = 'scope-without-read: uploads and deletions fail without storage.read';
    assert.ok(sayings(ORIGIN, { scope: 'storage.create:/' }).includes(said));
    assert.deepEqual(sayings(ORIGIN, { scope: 'openid' }), ['scope: no scope allows anything of storage']);
  });

  it('the verdict on a long token names its length, the limit and the remedy', () => {
    const [reason] = judge({}, { bytes: 4_097 }).verdicts.flatMap(({ reasons }) => reasons);
    assert.deepEqual(
      [reason?.message, reason?.remedy],
      ['the token has 4097 bytes, and root:// (ztn) takes 4096', 'shorten spec.data'],
    );
  });

  it('each reason has a remedy', () => {
    const verdicts = TABLE.flatMap(([, claims]) => judge(claims).verdicts);
    const reasons = verdicts.flatMap((verdict) => verdict.reasons);
    assert.ok(reasons.length > 50);
    for (const { message, remedy } of reasons) assert.ok(message.length > 10 && remedy.length > 10);
  });
});
