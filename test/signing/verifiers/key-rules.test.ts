import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LookUp, VerdictFacts, VerifierName } from '../../../src/signing/verifiers/facts.ts';
import { judgeKeyFor, readKeys } from '../../../src/signing/verifiers/key-rules.ts';
import { NOW } from '../../fixtures/observed.ts';

const KEY = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' };
const URL_OF_KEYS = 'https://a.example/.well-known/issuer.jwks';
const PUBLISH = `publish the key of the token at ${URL_OF_KEYS} (jwks --dir writes the documents)`;

interface Differences {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly iss?: unknown;
  readonly keys?: readonly unknown[];
  readonly signed?: boolean;
  readonly isRedirected?: boolean;
  readonly lookUp?: LookUp;
}

/** The findings of the verifier, one line each: the rule, the message, and the remedy. */
function judge(verifier: VerifierName, differences: Differences): readonly string[] {
  const { header = {}, keys = [KEY], signed = true, isRedirected = false } = differences;
  const lookUp = differences.lookUp ?? { found: true, keys, jwksUrl: URL_OF_KEYS, isRedirected };
  const iss = 'iss' in differences ? differences.iss : 'https://a.example';
  const facts: VerdictFacts = {
    token: { header: { alg: 'ES256', kid: 'k', ...header }, claims: { iss } },
    bytes: 500,
    lookUps: { openid: lookUp, xrootd: lookUp },
    signature: { openid: signed, xrootd: signed },
    now: NOW,
  };
  return judgeKeyFor(facts, verifier).map(
    ({ rule, message, remedy, refuses }) => `${refuses ? '' : 'doubt '}${rule}: ${message}: ${remedy}`,
  );
}

/** `count` keys with other names: a, b, c, … */
function others(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({ ...KEY, kid: 'abcdefgh'[index] }));
}

const unknown = (kid: string, published: string): string =>
  `kid-unknown: no key of kid ${kid} is published ("Key ID is not published by the issuer"); ${published}: ${PUBLISH}`;

const published = (kids: string): string =>
  `private-key-published: the PRIVATE key is published, of kid ${kids}: anybody can sign tokens with it: replace it at once (rotate --force), and take it away from ${URL_OF_KEYS} (docs/rotation.md)`;

describe('the verdict of a verifier that searches for the key of a token:', () => {
  const cases: readonly (readonly [verifier: VerifierName, differences: Differences, found?: string])[] = [
    ['xrootd', {}],
    ['pelican-client', { keys: [] }],
    ['pelican-cache', { iss: 7 }],
    [
      'pelican-cache',
      { iss: 'http://a.example' },
      'issuer-url: the issuer must begin with https://: every verifier refuses another ("Issuer URL must be HTTPS"): correct spec.issuer (or spec.data.iss)',
    ],
    [
      'pelicanfs',
      { header: { alg: 'ES384' } },
      'algorithm: it knows ES256 and RS256, not ES384 ("Issuer is using an unsupported algorithm"): make a new key with jwt-injector keygen, and rotate to it',
    ],
    ['pelicanfs', { header: { alg: 'RS256' } }],
    ['xrootd', { header: { alg: 'RS256' }, keys: [{ ...KEY, alg: 'RS256' }] }],
    ['pelican-cache', { header: { alg: 'ES384' }, keys: [{ ...KEY, alg: 'ES384' }] }],
    [
      'xrootd',
      { lookUp: { found: false, problem: 'a 404', remedy: 'publish it', isUnreachable: false } },
      'keys-not-found: a 404: publish it',
    ],
    [
      'pelican-origin',
      { header: { kid: undefined } },
      'kid-missing: the token has no kid: sign with jwt-injector, which sets it',
    ],
    ['xrootd', { header: { kid: undefined } }],
    [
      'xrootd',
      { header: { kid: undefined }, keys: [KEY, ...others(1)] },
      'kid-missing: the token has no kid ("Key ID empty but multiple keys published"): sign with jwt-injector, which sets it',
    ],
    ['xrootd', { keys: [] }, unknown('k', 'no key is')],
    ['xrootd', { keys: others(1) }, unknown('k', 'a is')],
    ['xrootd', { keys: others(2) }, unknown('k', 'a, b are')],
    ['xrootd', { keys: others(5) }, unknown('k', 'a, b, c, d, e are')],
    ['xrootd', { keys: others(6) }, unknown('k', 'a, b, c, d, e … are')],
    ['xrootd', { keys: [{ kty: 'EC' }, ...others(1)] }, unknown('k', '(none), a are')],
    [
      'pelican-cache',
      { keys: [{ ...KEY, alg: undefined }] },
      `key-without-alg: the published key has no alg, and Pelican skips it then: ${PUBLISH}`,
    ],
    ['xrootd', { keys: [{ ...KEY, alg: undefined }] }],
    [
      'pelican-cache',
      { keys: [{ ...KEY, use: 'enc' }] },
      `key-use: the published key has use "enc", and Pelican skips it then: ${PUBLISH}`,
    ],
    ['xrootd', { keys: [{ ...KEY, use: 'enc' }] }],
    [
      'xrootd',
      { keys: [{ ...KEY, alg: 'RS256' }] },
      `key-algorithm: the published key is for RS256, the token is of ES256: ${PUBLISH}`,
    ],
    ['pelicanfs', { keys: [{ ...KEY, alg: 'RS256' }] }],
    [
      'pelican-cache',
      { keys: [{ ...KEY, crv: undefined }] },
      `key-curve: the published key has no crv: ${PUBLISH}`,
    ],
    ['xrootd', { keys: [{ ...KEY, crv: undefined }] }],
    ['pelican-cache', { keys: [{ ...KEY, kty: 'RSA', crv: undefined }] }],
    [
      'pelican-cache',
      { header: { crit: ['x'] } },
      'critical-header: the header names extensions that must be understood (crit): sign with jwt-injector, which sets none',
    ],
    ['xrootd', { header: { crit: ['x'] } }],
    [
      'xrootd',
      { signed: false },
      `signature: the published key of that kid is another one ("Invalid signature"): ${PUBLISH}`,
    ],
    [
      'xrootd',
      { isRedirected: true },
      'doubt redirected: its documents are redirected, which scitokens-cpp before 1.0.2 does not follow: publish at the address itself',
    ],
    ['pelicanfs', { isRedirected: true }],
    [
      'xrootd',
      {
        keys: [
          { ...KEY, d: 'd' },
          { kty: 'oct', k: 'k' },
        ],
      },
      `doubt ${published('k, (none)')}`,
    ],
    [
      'pelicanfs',
      {
        keys: [
          KEY,
          { ...KEY, kty: 'RSA', kid: 'other', p: 'p' },
          { ...KEY, kty: 'RSA', kid: 'last', q: 'q' },
        ],
      },
      `doubt ${published('other, last')}`,
    ],
  ];
  for (const [verifier, differences, found] of cases) {
    it(`${verifier}: ${JSON.stringify(differences)}`, () =>
      assert.deepEqual(judge(verifier, differences), found === undefined ? [] : [found]));
  }
});

it('the keys of a set are the public parts of all entries that are objects, for any type', () => {
  assert.deepEqual(readKeys([null, 'x', [], { kid: 'a' }, { kty: 7 }, { ...KEY, d: 'd', oth: [] }]), [
    { kid: 'a', kty: '' },
    { kty: '' },
    KEY,
  ]);
});
