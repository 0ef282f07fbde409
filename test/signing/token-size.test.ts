import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALGORITHMS, isAlgorithmName } from '../../src/resources/algorithms.ts';
import { buildClaims } from '../../src/signing/claims.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { findWarnings } from '../../src/signing/lint/lint-findings.ts';
import { findTooLong, tokenBytes } from '../../src/signing/token-size.ts';
import { signToken } from '../../src/signing/token.ts';
import { makeSpec } from '../fixtures/jwts.ts';
import { makeRsaKey, someKey, toPem } from '../fixtures/keys.ts';
import { GOOD_DATA } from './lint/specs.ts';

describe('the predicted size of a token', () => {
  const NOW = 1_900_000_000;
  const JTI = '0b5b4a9e-1f6e-4b7a-9d6f-0c8a3e0e7f11';

  it('is exact for every algorithm, and for a longer RSA key', async () => {
    const keys = Object.keys(ALGORITHMS).map((name) => [name, someKey(name)] as const);
    for (const [algorithm, privateKey] of [...keys, ['RS256', makeRsaKey(3072)] as const]) {
      assert.ok(isAlgorithmName(algorithm));
      const jwt = makeSpec({ algorithm, data: { ...GOOD_DATA, name: 'Zoë 🐘', nested: [{ a: null }] } });
      const key = await readSigningKey(toPem(privateKey), algorithm);
      const built = buildClaims(jwt, NOW, JTI);
      assert.ok(key.ok && built.ok);
      const token = await signToken(key.value, jwt.keyId, built.value);
      assert.equal(tokenBytes(jwt, built.value, key.value), token.length, algorithm);
    }
  });

  it('is the minimum if the key is not known', () => {
    const built = buildClaims(makeSpec(), NOW, JTI);
    assert.ok(built.ok);
    const sizes = ['ES256', 'RS256'].map((algorithm) =>
      tokenBytes(makeSpec({ algorithm }), built.value, undefined),
    );
    assert.deepEqual(sizes, [485, 741]);
  });

  it('has a limit, up to which tokens are read again', () => {
    assert.equal(findTooLong(65_536), undefined);
    assert.equal(findTooLong(65_537)?.reason, 'ClaimsInvalid');
  });

  it('gets a warning above 4,096 bytes', () => {
    const rulesAt = (bytes: number) => findWarnings(makeSpec(), bytes).map(({ rule }) => rule);
    assert.ok(!rulesAt(4_096).includes('token-too-large'));
    assert.ok(rulesAt(4_097).includes('token-too-large'));
  });
});
