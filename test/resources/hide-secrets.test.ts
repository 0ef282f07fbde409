import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasSecret, hideSecrets } from '../../src/resources/hide-secrets.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';

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

  it('loses a private key, also on one line', () => {
    const pem = toPem(makeKey('RS256'));
    for (const text of [
      pem,
      pem.replaceAll('\n', ' '),
      pem.replaceAll('\n', String.raw`\n`),
      pem.slice(0, 300),
    ])
      assert.match(
        hideSecrets(`cannot read ${text}: check the name`),
        /^cannot read \[redacted\]\W*n?: check/,
      );
  });

  for (const text of [
    'it must be PEM (-----BEGIN CERTIFICATE-----)',
    'found no -----BEGIN PRIVATE KEY----- in it',
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
