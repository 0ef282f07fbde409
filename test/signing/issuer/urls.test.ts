import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findIssuerUrls, hasCredentials, jwksUrl } from '../../../src/signing/issuer/urls.ts';

/** The URLs that scitokens-cpp, Pelican and scitokens (Python) use. */
const CASES: Readonly<
  Record<string, readonly [xrootd: string, fallback: string, openid: string, jwks: string]>
> = {
  'https://a.example': [
    'https://a.example/.well-known/openid-configuration',
    'https://a.example/.well-known/oauth-authorization-server',
    'https://a.example/.well-known/openid-configuration',
    'https://a.example/.well-known/issuer.jwks',
  ],
  'https://a.example/': [
    'https://a.example//.well-known/openid-configuration',
    'https://a.example/.well-known/oauth-authorization-server',
    'https://a.example/.well-known/openid-configuration',
    'https://a.example/.well-known/issuer.jwks',
  ],
  'https://A.Example:8443/vo': [
    'https://A.Example:8443/vo/.well-known/openid-configuration',
    'https://a.example:8443/.well-known/oauth-authorization-server/vo',
    'https://A.Example:8443/vo/.well-known/openid-configuration',
    'https://A.Example:8443/vo/.well-known/issuer.jwks',
  ],
  'https://a.example/vo/': [
    'https://a.example/vo//.well-known/openid-configuration',
    'https://a.example/.well-known/oauth-authorization-server/vo/',
    'https://a.example/vo/.well-known/openid-configuration',
    'https://a.example/vo/.well-known/issuer.jwks',
  ],
};

describe('the URLs at which verifiers look for the keys of an issuer', () => {
  for (const [issuer, [xrootd, xrootdFallback, openid, jwks]] of Object.entries(CASES)) {
    it(`are known for ${issuer}`, () => {
      assert.deepEqual(findIssuerUrls(issuer), { ok: true, value: { xrootd, xrootdFallback, openid } });
      assert.equal(jwksUrl(issuer), jwks);
    });
  }

  for (const [issuer, says] of [
    ['http://a.example', /must begin with https:/],
    ['a.example', /must begin with https:/],
    ['ftp://https://a.example', /must begin with https:/],
    ['https://a.example /', /white space/],
    ['https://', /not a URL/],
    ['https://a.example/?x=1', /query/],
    ['https://a.example/#x', /fragment/],
  ] as const) {
    it(`do not exist for "${issuer}"`, () => {
      const urls = findIssuerUrls(issuer);
      assert.ok(!urls.ok);
      assert.match(urls.problem, says);
    });
  }
});

describe('an issuer with credentials', () => {
  for (const [issuer, expected] of [
    ['https://me:secret@a.example', true],
    ['https://me@a.example/vo', true],
    ['https://:secret@a.example', true],
    ['HTTPS://me@a.example', true],
    ['https:\\\\me@a.example', true],
    ['https://a.example/me@b.example', false],
    ['https://a.example', false],
    ['https://me@', false],
    ['me@a.example', false],
  ] as const) {
    it(`${expected ? 'is' : 'is not'} "${issuer}"`, () => assert.equal(hasCredentials(issuer), expected));
  }
});
