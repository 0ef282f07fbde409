import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildClaims } from '../../src/signing/claims.ts';
import { findFacts } from '../../src/signing/token-facts.ts';
import type { ReadToken } from '../../src/signing/token.ts';
import { judgeClaims } from '../../src/signing/check-token.ts';
import { makeSpec } from '../fixtures/jwts.ts';

const NOW = 1_800_000_000;
const header = { alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' };

function claimsOf(spec = makeSpec()) {
  const claims = buildClaims(spec, NOW, 'a-jti');
  assert.ok(claims.ok);
  return claims.value;
}

const judge = (token: ReadToken, spec: ReturnType<typeof makeSpec>, now: number) =>
  judgeClaims(findFacts(token), spec, now);

describe('the verdict on a token', () => {
  it('is that it matches, while it is valid and says what the spec asks for', () => {
    const verdict = judge({ header, claims: claimsOf() }, makeSpec(), NOW);
    assert.deepEqual(verdict, { matches: true, expiresAt: NOW + 86_400, legacy: false });
  });

  it('is ClaimsMismatch until its first second', () => {
    const { nbf } = claimsOf();
    const verdictAt = (now: number) => judge({ header, claims: claimsOf() }, makeSpec(), now);
    assert.deepEqual(verdictAt(nbf - 1), { matches: false, cause: 'ClaimsMismatch', until: nbf });
    assert.ok(verdictAt(nbf).matches);
  });

  const ours = claimsOf();
  const { iat, iss, jti, nbf, ...old } = ours;
  const cases: Readonly<Record<string, readonly [ReturnType<typeof judgeClaims>, string]>> = {
    'expired at its last second': [judge({ header, claims: ours }, makeSpec(), ours.exp), 'Expired'],
    'without expiry': [judge({ header, claims: { ...ours, exp: 'x' } }, makeSpec(), NOW), 'TokenUnreadable'],
    'with an expiry that has no date': [
      judge({ header, claims: { ...old, exp: 1e20 } }, makeSpec(), NOW),
      'TokenUnreadable',
    ],
    'with an expiry beyond all numbers': [
      judge({ header, claims: { ...old, exp: JSON.parse('1e999') } }, makeSpec(), NOW),
      'TokenUnreadable',
    ],
    'valid from a time that has no date': [
      judge({ header, claims: { ...ours, nbf: 1e20 } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'of another kid': [judge({ header, claims: ours }, makeSpec({ keyId: 'b' }), NOW), 'HeaderMismatch'],
    'of another algorithm': [
      judge({ header, claims: ours }, makeSpec({ algorithm: 'ES384' }), NOW),
      'HeaderMismatch',
    ],
    'with another claim': [
      judge({ header, claims: { ...ours, sub: 'x' } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'with a claim too many': [
      judge({ header, claims: { ...ours, role: 'x' } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'of another issuer': [
      judge({ header, claims: ours }, makeSpec({ issuer: 'https://b.example' }), NOW),
      'ClaimsMismatch',
    ],
  };
  for (const [name, [verdict, cause]] of Object.entries(cases)) {
    it(`${name} is ${cause}`, () => assert.deepEqual(verdict, { matches: false, cause }));
  }

  it('notices every change of the lifetime, one of a minute too', () => {
    for (const expiryTime of [
      { hours: 24, minutes: 1 },
      { hours: 23, minutes: 59 },
      { hours: 24, minutes: 2 },
    ]) {
      const verdict = judge({ header, claims: ours }, makeSpec({ expiryTime }), NOW);
      assert.deepEqual(verdict, { matches: false, cause: 'ClaimsMismatch' }, JSON.stringify(expiryTime));
    }
  });

  it('lets tokens of token-manager pass: with exp alone, or with iat at the signature and nbf before it', () => {
    assert.ok(iss && jti);
    assert.deepEqual(judge({ header, claims: old }, makeSpec(), NOW), {
      matches: true,
      expiresAt: NOW + 86_400,
      legacy: true,
    });
    const newer = { ...old, iat: iat + 60, nbf, jti };
    assert.ok(judge({ header, claims: newer }, makeSpec(), NOW).matches);
    const changed = judge({ header, claims: newer }, makeSpec({ expiryTime: { hours: 25 } }), NOW);
    assert.deepEqual(changed, { matches: false, cause: 'ClaimsMismatch' });
  });
});
