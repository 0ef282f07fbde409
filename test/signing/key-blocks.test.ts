import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { readSigningKey } from '../../src/signing/key.ts';
import { makeKey, makeRsaKey, NRP_KEY, toPem } from '../fixtures/keys.ts';

describe('the public half of a key', () => {
  it('only has the public members, and its thumbprint is that of RFC 7638', async () => {
    const read = await readSigningKey(NRP_KEY, 'ES256');
    assert.ok(read.ok);
    const { publicJwk, thumbprint, algorithm, privateKey, publicKey } = read.value;
    const { crv, kty, x, y, ...others } = publicJwk;
    assert.deepEqual(others, {});
    const canonical = JSON.stringify({ crv, kty, x, y });
    assert.equal(thumbprint, createHash('sha256').update(canonical).digest('base64url'));
    assert.deepEqual([algorithm, privateKey.type, publicKey.type], ['ES256', 'private', 'public']);
  });
});

describe('a block of PEM that is not a private key for signing is named:', () => {
  const rsa = makeRsaKey(2_048);
  const encrypted = rsa
    .export({ format: 'pem', type: 'pkcs1', cipher: 'aes-128-cbc', passphrase: 'x' })
    .toString();
  const relabelled = (label: string): string => toPem(makeKey('ES256')).replaceAll('PRIVATE KEY', label);
  const NEEDED = 'a private key is needed to sign';
  const DECRYPT = 'the private key is encrypted: store it decrypted (openssl pkcs8 -topk8 -nocrypt -in KEY)';
  const broken = (label: string): string =>
    `the ${label} block does not parse: is it complete and unchanged?`;
  const cases: Readonly<Record<string, readonly [text: string, message: string]>> = {
    'a certificate': [relabelled('CERTIFICATE'), `found a CERTIFICATE: ${NEEDED}`],
    'a trusted certificate': [relabelled('TRUSTED CERTIFICATE'), `found a TRUSTED CERTIFICATE: ${NEEDED}`],
    'a public key of RSA': [relabelled('RSA PUBLIC KEY'), `found a RSA PUBLIC KEY: ${NEEDED}`],
    'an encrypted key in PKCS#8': [relabelled('ENCRYPTED PRIVATE KEY'), DECRYPT],
    'an encrypted key in PKCS#1': [encrypted, DECRYPT],
    'a key of another kind': [relabelled('DSA PRIVATE KEY'), broken('DSA PRIVATE KEY')],
    'a key under another label': [relabelled('EC PRIVATE KEY'), broken('EC PRIVATE KEY')],
    'one of the structure of a key, and of nothing in it': [
      `-----BEGIN RSA PRIVATE KEY-----\n${Buffer.from('3009020100020100020100', 'hex').toString('base64')}\n-----END RSA PRIVATE KEY-----`,
      broken('RSA PRIVATE KEY'),
    ],
  };
  for (const [title, [text, message]] of Object.entries(cases)) {
    it(title, async () =>
      assert.deepEqual(await readSigningKey(text, 'RS256'), {
        ok: false,
        problem: { reason: 'KeyUnreadable', message },
      }),
    );
  }

  it('nothing, in a text of no known form', async () => {
    assert.deepEqual(await readSigningKey('no key: none', 'RS256'), {
      ok: false,
      problem: {
        reason: 'KeyUnreadable',
        message:
          'no PEM block and no JWK found: the text must contain "-----BEGIN … PRIVATE KEY-----" or be a JWK object',
      },
    });
  });

  it('a key in at most 16,384 characters', async () => {
    const longest = toPem(rsa).padEnd(16_384, '\n');
    assert.ok((await readSigningKey(longest, 'RS256')).ok);
    assert.ok(!(await readSigningKey(`${longest}\n`, 'RS256')).ok);
  });
});
