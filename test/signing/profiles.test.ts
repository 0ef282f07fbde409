import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/resources/json.ts';
import { lintJwt } from '../../src/signing/lint.ts';
import { findProfile, readAudiences } from '../../src/signing/profiles.ts';
import { judgeClaimsFor } from '../../src/signing/verifiers/claim-rules.ts';
import { NOW } from '../fixtures/observed.ts';
import { spec } from './lint/specs.ts';

const ANY = 'https://wlcg.cern.ch/jwt/v1/any';

describe('the profile of a token', () => {
  for (const [name, claims] of [
    ['WLCG', { 'wlcg.ver': '1.0' }],
    ['WLCG', { 'wlcg.ver': 1 }],
    ['WLCG', { ver: '1.0' }],
    ['SciTokens 2.0', { ver: 'scitoken:2.0' }],
    ['SciTokens 2.0', { ver: 'scitokens:2.0', 'wlcg.ver': '1.0' }],
    ['SciTokens 1.0', { ver: 'scitokens:1.0' }],
    ['SciTokens 1.0', {}],
  ] as const)
    it(`is ${name} for ${JSON.stringify(claims)}`, () => assert.equal(findProfile(claims).name, name));
});

describe('the claim aud', () => {
  for (const [aud, texts, named, hasOthers] of [
    ['a', ['a'], ['a'], false],
    [['', 'a', 7], ['', 'a'], ['a'], true],
    [[], [], [], false],
    [undefined, [], [], true],
  ] as const)
    it(`is read from ${JSON.stringify(aud)}`, () =>
      assert.deepEqual(readAudiences(aud === undefined ? {} : { aud }), { texts, named, hasOthers }));
});

/** The findings of `lint` and of XRootD's verdict about `aud`, one text each. */
async function complaintsOf(data: JsonObject): Promise<readonly string[]> {
  const { warnings } = await lintJwt(spec({ data }));
  const lookUp = { found: false, problem: '', remedy: '', isUnreachable: true } as const;
  const verdict = judgeClaimsFor(
    {
      token: { header: {}, claims: { iss: 'https://a.example', iat: NOW, nbf: NOW, exp: NOW + 60, ...data } },
      bytes: 500,
      lookUps: { openid: lookUp, xrootd: lookUp },
      signature: { openid: true, xrootd: true },
      now: NOW,
    },
    'xrootd',
  );
  return [
    ...warnings.filter(({ rule }) => rule.startsWith('audience')).map(({ message }) => message),
    ...verdict
      .filter(({ rule }) => rule === 'audience')
      .map(({ message, remedy }) => `${message}: ${remedy}`),
  ];
}

/** Makes the change that the finding recommends. */
function obey(complaint: string, { aud, ...data }: JsonObject): JsonObject {
  const value = /(?:set it to|set spec\.data\.aud to|add) (\S+)/.exec(complaint)?.[1];
  if (value !== undefined) return { ...data, aud: [...(aud === undefined ? [] : [aud].flat()), value] };
  assert.match(complaint, /remove (?:spec\.data\.)?aud/);
  return data;
}

describe('following the remedy for an audience ends all findings of lint and verify about it:', () => {
  const versions: readonly JsonObject[] = [
    { 'wlcg.ver': '1.0', scope: 'storage.read:/' },
    { ver: 'scitoken:2.0', scope: 'read:/' },
    { ver: 'scitokens:1.0', scope: 'read:/' },
  ];
  const audiences: readonly JsonObject[] = [
    {},
    { aud: ANY },
    { aud: ['ANY'] },
    { aud: 'https://a.example' },
    { aud: [] },
  ];
  for (const version of versions) {
    for (const audience of audiences) {
      const data = { sub: 'me', ...version, ...audience };
      it(JSON.stringify(data), async () => {
        for (const complaint of await complaintsOf(data))
          assert.deepEqual(await complaintsOf(obey(complaint, data)), [], complaint);
      });
    }
  }
});
