import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { ALGORITHMS, isAlgorithmName } from '../../src/resources/algorithms.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { makeKey, makeRsaKey, NRP_KEY, toPem } from '../fixtures/keys.ts';

async function expectProblem(
  text: string,
  algorithm: keyof typeof ALGORITHMS,
  reason: string,
  says: RegExp,
): Promise<void> {
  const result = await readSigningKey(text, algorithm);
  assert.ok(!result.ok);
  assert.equal(result.problem.reason, reason);
  assert.match(result.problem.message, says);
}

describe('a private key is read from', () => {
  const rsa = makeRsaKey(2048);
  const cases: readonly (readonly [string, string, keyof typeof ALGORITHMS])[] = [
    ['the SEC1 example of the NRP page', NRP_KEY, 'ES256'],
    ['the same with blank lines, as the page prints it', NRP_KEY.replaceAll('\n', '\n\n'), 'ES256'],
    ['the same indented', NRP_KEY.replaceAll('\n', '\n      '), 'ES256'],
    ['the same with CRLF', NRP_KEY.replaceAll('\n', '\r\n'), 'ES256'],
    [
      'the same behind EC PARAMETERS',
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${NRP_KEY}`,
      'ES256',
    ],
    ['the same with text before and after', `my key\n${NRP_KEY}\nthe end`, 'ES256'],
    ['PKCS#8', toPem(makeKey('ES384')), 'ES384'],
    ['PKCS#1', toPem(rsa, 'pkcs1'), 'RS256'],
    ['a JWK of RSA', JSON.stringify(rsa.export({ format: 'jwk' })), 'PS512'],
    [
      'a JWK with kid, alg and key_ops',
      JSON.stringify({ ...makeKey('EdDSA').export({ format: 'jwk' }), kid: 'a', key_ops: ['sign'] }),
      'EdDSA',
    ],
  ];
  for (const [name, text, algorithm] of cases) {
    it(name, async () => {
      const result = await readSigningKey(text, algorithm);
      assert.ok(result.ok, JSON.stringify(result));
      assert.equal('d' in result.value.publicJwk, false, 'the public JWK holds no private member');
    });
  }

  it('a key for every algorithm the resource may name', async () => {
    for (const name of Object.keys(ALGORITHMS)) {
      assert.ok(isAlgorithmName(name));
      assert.ok((await readSigningKey(toPem(makeKey(name)), name)).ok, name);
    }
  });
});

describe('a key is refused with a reason and a remedy when it', () => {
  it('is no PEM and no JWK', () =>
    expectProblem('hello', 'ES256', 'KeyUnreadable', /no PEM block and no JWK/));
  it('is broken inside', () =>
    expectProblem(NRP_KEY.replace('MHcC', 'AAAA'), 'ES256', 'KeyUnreadable', /does not parse/));
  it('is cut off', () => expectProblem(NRP_KEY.slice(0, 100), 'ES256', 'KeyUnreadable', /no PEM block/));
  it('is a public key', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return expectProblem(
      publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      'ES256',
      'KeyUnreadable',
      /PUBLIC KEY: a private key/,
    );
  });
  it('is encrypted', () => {
    const options = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
    return expectProblem(
      makeKey('ES256').export(options).toString(),
      'ES256',
      'KeyUnreadable',
      /encrypted.*-nocrypt/,
    );
  });
  it('is a public JWK', () => {
    const { d, ...jwk } = makeKey('ES256').export({ format: 'jwk' });
    assert.ok(d);
    return expectProblem(JSON.stringify(jwk), 'ES256', 'KeyUnreadable', /no private member/);
  });
  it('is a JWK Set', () => expectProblem('{"keys":[]}', 'ES256', 'KeyUnreadable', /JWK Set/));
  it('has another type than the algorithm needs', () =>
    expectProblem(
      NRP_KEY,
      'RS256',
      'KeyMismatch',
      /RS256 needs an RSA key.*this is an EC key on curve prime256v1/,
    ));
  it('has another curve', () => expectProblem(NRP_KEY, 'ES384', 'KeyMismatch', /P-384.*prime256v1/));
  it('is too short', () =>
    expectProblem(toPem(makeRsaKey(1024)), 'RS256', 'KeyTooShort', /2048 bits.*1024 bits/));
  it('and never shows any of its text', async () => {
    const result = await readSigningKey(NRP_KEY.replace('MHcC', 'AAAA'), 'ES256');
    assert.ok(!result.ok && !/[A-Za-z0-9+/]{20}/.test(result.problem.message));
  });
});
