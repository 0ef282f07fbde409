import assert from 'node:assert/strict';
import { KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { generateKeyPair } from 'jose';
import { ALGORITHMS, isAlgorithmName, type Algorithm } from '../../src/resources/algorithms.ts';
import { readSpecSchema, schemaAt } from '../fixtures/crd.ts';

const algorithms: readonly (readonly [string, Algorithm])[] = Object.entries(ALGORITHMS);

describe('an algorithm of a JWT', () => {
  it('is one of those that the API server accepts', () => {
    assert.deepEqual(Object.keys(ALGORITHMS), schemaAt(readSpecSchema(), ['algorithm']).enum);
  });

  for (const [name, { keyType, curve }] of algorithms) {
    it(`${name} asks for a key as jose makes it for ${name}`, async () => {
      const { privateKey } = await generateKeyPair(name, { extractable: true });
      const { asymmetricKeyType, asymmetricKeyDetails } = KeyObject.from(privateKey);
      assert.deepEqual([keyType, curve], [asymmetricKeyType, asymmetricKeyDetails?.namedCurve]);
    });
  }

  it('describes the key that it needs', () => {
    const words = (name: keyof typeof ALGORITHMS): string => ALGORITHMS[name].keyInWords;
    for (const name of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const)
      assert.equal(words(name), 'an RSA key of 2048 to 8192 bits');
    assert.equal(words('ES256'), 'an EC key on curve P-256');
    assert.equal(words('ES384'), 'an EC key on curve P-384');
    assert.equal(words('ES512'), 'an EC key on curve P-521'); // not a typing error (RFC 7518 §3.4)
    assert.equal(words('EdDSA'), 'an Ed25519 key');
  });

  it('is accepted by the verifiers of OSDF (scitokens-cpp) if it is RS256 or ES256', () => {
    const accepted = algorithms.filter(([, { acceptedByOsdf }]) => acceptedByOsdf).map(([name]) => name);
    assert.deepEqual(accepted, ['RS256', 'ES256']);
  });

  it('is not another text, an inherited name or a list with one', () => {
    assert.ok(isAlgorithmName('ES256'));
    for (const other of [
      'none',
      'HS256',
      'es256',
      '',
      'constructor',
      '__proto__',
      ['ES256'],
      null,
      undefined,
    ])
      assert.ok(!isAlgorithmName(other), String(other));
  });
});
