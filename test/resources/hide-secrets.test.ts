import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasSecret, hideSecrets } from '../../src/resources/hide-secrets.ts';
import { makeKey, OPENSSH_KEYS, toPem } from '../fixtures/keys.ts';

const TOKEN = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`;

describe('a message', () => {
  const hidden: readonly (readonly [string, string])[] = [
    [`not "${TOKEN}": use another`, 'not "[redacted]": use another'],
    [`cannot read ${TOKEN}/x and ${TOKEN}`, 'cannot read [redacted]/x and [redacted]'],
    [`--${TOKEN}.YQ.YWI is not a flag`, '[redacted] is not a flag'],
    ['{"kty":"EC","d": "0123456789abcdef-_","x":"ab"}', '{"kty":"EC","d": "[redacted]","x":"ab"}'],
  ];
  for (const [text, without] of hidden) {
    it(`is shown as ${without}`, () => {
      assert.ok(hideSecrets(text) === without, hideSecrets(text));
    });
  }

  const rsa = makeKey('RS256');
  const ec = makeKey('ES256');
  const encrypted = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
  const keys: readonly (readonly [string, string])[] = [
    ['of RSA', toPem(rsa)],
    ['of RSA, in its own form', toPem(rsa, 'pkcs1')],
    ['encrypted', rsa.export({ ...encrypted, type: 'pkcs8' }).toString()],
    ['encrypted, with headers', rsa.export({ ...encrypted, type: 'pkcs1' }).toString()],
    ['of a curve, encrypted, with headers', ec.export({ ...encrypted, type: 'sec1' }).toString()],
    ['of ssh-keygen', OPENSSH_KEYS.ed25519],
  ];
  for (const [name, pem] of keys) {
    it(`loses a private key ${name}, also on one line, indented, or without its end`, () => {
      for (const text of [
        pem,
        pem.replaceAll('\n', ' '),
        pem.replaceAll('\n', '\r\n'),
        pem.replaceAll('\n', '\n    '),
        pem.replaceAll('\n', String.raw`\n`),
        pem.replaceAll('\n', String.raw`\r\n`),
        pem.slice(0, 200),
      ])
        assert.match(
          hideSecrets(`cannot read ${text}: check the name`),
          /^cannot read \[redacted\]\W*r?\W*n?\s*: check the name$/,
        );
    });
  }

  it('loses the private key that openssl writes behind its curve', () => {
    const curve = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    assert.equal(hideSecrets(`${curve}${toPem(ec, 'sec1')}`), `${curve}[redacted]\n`);
  });

  it('loses a private key of PGP, whatever headers it has, also on one line, indented, or without its end', () => {
    const body = `${'lQOYBF'.repeat(20)}\n=abcd`;
    const end = '\n-----END PGP PRIVATE KEY BLOCK-----';
    for (const headers of [
      '',
      'Version: GnuPG v2.0.22 (GNU/Linux)\n',
      'Comment: GPGTools - https://gpgtools.org\n',
      'Version: BCPG v1.58\nComment: "of the group": a key\nHash: SHA512\nCharset: UTF-8\n',
    ]) {
      const key = `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${headers}\n${body}`;
      assert.equal(hideSecrets(`not ${key.replaceAll('\n', ' ')} ${end}: why`), 'not [redacted]: why');
      for (const lineBreak of ['\n', '\r\n', '\n    ', String.raw`\n`, String.raw`\r\n`])
        for (const last of ['', end])
          assert.equal(
            hideSecrets(`not ${`${key}${last}`.replaceAll('\n', lineBreak)}: why`),
            'not [redacted]: why',
          );
    }
  });

  it('loses the private members of a JWK whose quotes are quoted themselves', () => {
    const jwk = JSON.stringify({ kty: 'EC', d: '0123456789abcdef-_', x: 'ab' });
    assert.ok(!hideSecrets(JSON.stringify({ value: jwk })).includes('0123'));
    assert.ok(!hideSecrets(JSON.stringify(JSON.stringify({ value: jwk }))).includes('0123'));
    assert.equal(hideSecrets(`{'d': '0123456789abcdef-_', 'x': 'ab'}`), `{'d': '[redacted]', 'x': 'ab'}`);
  });

  for (const text of [
    'it must be PEM (-----BEGIN CERTIFICATE-----)',
    'found no -----BEGIN PRIVATE KEY----- in it',
    'not between -----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----',
    'https://eyjafjalla.example.org/a.long.path-with.many.parts',
    'JWT science/my-jwt: eyJ is not a token',
    `kid ${'a'.repeat(43)} of registry.example.org/jwt-injector@sha256:${'0'.repeat(64)}`,
  ]) {
    it(`stays as it is: ${text}`, () => assert.equal(hideSecrets(text), text));
  }
});

describe('a text with a secret', () => {
  it('has a token, or a block of PEM', () => {
    for (const text of [TOKEN, `see ${TOKEN}`, '-----BEGIN PRIVATE KEY-----']) assert.ok(hasSecret(text));
    for (const text of ['', 'my-jwt', 'eyJ is not a token']) assert.ok(!hasSecret(text));
  });
});
