import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import type { AlgorithmName } from '../../../src/resources/algorithms.ts';
import { findMisfit, findTypeMisfit } from '../../../src/signing/key/fit.ts';
import { makeKey } from '../../fixtures/keys.ts';

/** An RSA key with a valid form only: a modulus of `bytes` bytes, and this exponent in hexadecimal digits. */
function rsa(bytes: number, exponent = '010001'): KeyObject {
  const number = (length: number): string => Buffer.alloc(length, 0xff).toString('base64url');
  const [n, half, e] = [number(bytes), number(bytes / 2), Buffer.from(exponent, 'hex').toString('base64url')];
  const key = { kty: 'RSA', n, e, d: n, p: half, q: half, dp: half, dq: half, qi: half };
  return createPrivateKey({ key, format: 'jwk' });
}

const ES256 = makeKey('ES256');
const EXPONENT =
  'RS256 needs an RSA key of 2048 to 8192 bits, this is one with an exponent of unusual size: make a new one, openssl genrsa 3072';

describe('a key', () => {
  const fitting: Readonly<Record<string, readonly [KeyObject, AlgorithmName]>> = {
    'of the shortest RSA': [rsa(256), 'RS256'],
    'of the longest RSA': [rsa(1_024), 'PS512'],
    'of RSA with the least exponent': [rsa(256, '03'), 'RS256'],
    'of RSA with the largest exponent': [rsa(256, 'f'.repeat(16)), 'RS256'],
    'of EC on the curve of the algorithm': [ES256, 'ES256'],
    'of Ed25519': [makeKey('EdDSA'), 'EdDSA'],
  };
  for (const [title, [key, algorithm]] of Object.entries(fitting))
    it(`${title} fits ${algorithm}`, () => assert.equal(findMisfit(key, algorithm), undefined));

  const misfits: Readonly<Record<string, readonly [KeyObject, AlgorithmName, string, string]>> = {
    'that is a byte too short': [
      rsa(255),
      'RS256',
      'KeyTooShort',
      'RS256 needs an RSA key of 2048 to 8192 bits, this is an RSA key of 2040 bits',
    ],
    'that is a byte too long': [
      rsa(1_025),
      'RS256',
      'KeyMismatch',
      'RS256 needs an RSA key of 2048 to 8192 bits, this is an RSA key of 8200 bits',
    ],
    'with an even exponent': [rsa(256, '02'), 'RS256', 'KeyMismatch', EXPONENT],
    'with an exponent of 65 bits': [rsa(256, `01${'0'.repeat(16)}`), 'RS256', 'KeyMismatch', EXPONENT],
    'of another type': [
      makeKey('EdDSA'),
      'RS256',
      'KeyMismatch',
      'RS256 needs an RSA key of 2048 to 8192 bits, this is a key of type ed25519',
    ],
    'on another curve': [
      ES256,
      'ES512',
      'KeyMismatch',
      'ES512 needs an EC key on curve P-521, this is an EC key on curve prime256v1',
    ],
  };
  for (const [title, [key, algorithm, reason, message]] of Object.entries(misfits)) {
    it(`${title} does not fit, and is described`, () =>
      assert.deepEqual(findMisfit(key, algorithm), { reason, message }));
  }
});

describe('the type of a key, before OpenSSL sees it,', () => {
  it('possibly fits if any algorithm signs with it', () => {
    for (const type of ['rsa', 'ec', 'ed25519'] as const)
      assert.equal(findTypeMisfit(type, 'ES256'), undefined);
  });
  it('never fits if no algorithm signs with it', () => {
    assert.deepEqual(findTypeMisfit('x25519', 'EdDSA'), {
      reason: 'KeyMismatch',
      message: 'EdDSA needs an Ed25519 key, this is a key of type x25519',
    });
    assert.deepEqual(findTypeMisfit('explicit-curve', 'ES256'), {
      reason: 'KeyMismatch',
      message:
        'ES256 needs an EC key on curve P-256, this is an EC key with explicit parameters: openssl ec -in KEY -param_enc named_curve -out key.pem',
    });
  });
});
