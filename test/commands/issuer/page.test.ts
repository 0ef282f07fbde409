import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePage } from '../../../src/commands/issuer/page.ts';
import { findIssuerUrls } from '../../../src/signing/issuer/urls.ts';
import { toSeconds } from '../../../src/time/units.ts';

/** The addresses below "To check". */
function addressesOf(issuer: string): readonly string[] {
  const urls = findIssuerUrls(issuer);
  assert.ok(urls.ok);
  const html = makePage({ issuer, urls: urls.value, keys: [], since: {}, now: toSeconds(0) });
  return [...html.matchAll(/<li><code>(.*?)<\/code><\/li>/g)].map(([, url = '']) => url);
}

describe('the page of an issuer names the addresses that verifiers ask for', () => {
  const CASES: readonly (readonly [issuer: string, metadata: readonly string[]])[] = [
    ['https://i.example', ['https://i.example/.well-known/openid-configuration']],
    ['https://i.example/vo', ['https://i.example/vo/.well-known/openid-configuration']],
    [
      'https://i.example/',
      [
        'https://i.example/.well-known/openid-configuration',
        'https://i.example//.well-known/openid-configuration',
      ],
    ],
    [
      'https://i.example/vo/',
      [
        'https://i.example/vo/.well-known/openid-configuration',
        'https://i.example/vo//.well-known/openid-configuration',
      ],
    ],
  ];
  for (const [issuer, metadata] of CASES) {
    it(`for ${issuer}`, () => {
      const keys = `${issuer.replace(/\/$/, '')}/.well-known/issuer.jwks`;
      assert.deepEqual(addressesOf(issuer), [...metadata, keys]);
    });
  }
});
