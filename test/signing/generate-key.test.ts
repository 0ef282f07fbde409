import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { generateKey, isNewKeyAlgorithm } from '../../src/signing/generate-key.ts';

describe('a new key', () => {
  for (const [algorithm, details] of [
    ['ES256', { namedCurve: 'prime256v1' }],
    ['RS256', { modulusLength: 3_072, publicExponent: 65_537n }],
  ] as const) {
    it(`for ${algorithm} is PKCS#8, as strong as P-256, and signs`, async () => {
      const { pem, key } = await generateKey(algorithm);
      assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n/);
      assert.deepEqual(createPrivateKey(pem).asymmetricKeyDetails, details);
      assert.equal(key.algorithm, algorithm);
      assert.ok(key.privateKey.equals(createPrivateKey(pem)));
    });
  }

  it('is made for the algorithms that the verifiers of OSDF accept', () => {
    for (const name of ['ES256', 'RS256']) assert.ok(isNewKeyAlgorithm(name));
    for (const name of ['ES384', 'EdDSA', 'toString', '']) assert.ok(!isNewKeyAlgorithm(name), name);
  });
});
