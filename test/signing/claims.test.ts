import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildClaims, effectiveIssuer, overriddenClaims } from '../../src/signing/claims.ts';
import { makeSpec } from '../fixtures/jwts.ts';

const NOW = 1_800_000_000;

describe('claims that cannot be signed', () => {
  it('include an issuer that is not a text, in any field', () => {
    const spec = makeSpec({ data: { iss: 7 } });
    const problem = {
      reason: 'ClaimsInvalid',
      message: 'spec.data.iss must be a string: remove it, spec.issuer is used then',
    };
    assert.deepEqual(effectiveIssuer(spec), { ok: false, problem });
    assert.deepEqual(buildClaims(spec, NOW, 'jti'), { ok: false, problem });
  });

  it('include an integer that JSON changes', () => {
    const claims = buildClaims(makeSpec({ data: { n: 2 ** 53 } }), NOW, 'jti');
    assert.deepEqual(claims.ok || claims.problem, {
      reason: 'ClaimsInvalid',
      message:
        'spec.data.n is an integer beyond 2^53, which JSON readers change silently: write it as a string',
    });
  });
});

it('the claims that we set are found in those of the author', () => {
  const data = { sub: 's', jti: 'j', iat: 1, iss: 'i', exp: 2 };
  assert.deepEqual(overriddenClaims(data), ['exp', 'iat', 'jti']);
  assert.deepEqual(overriddenClaims({ nbf: null }), ['nbf']);
  assert.deepEqual(overriddenClaims({ sub: 's' }), []);
});
