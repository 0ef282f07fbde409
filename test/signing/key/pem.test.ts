import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findPemBlock } from '../../../src/signing/key/pem.ts';

const block = (label: string, body = 'QUJD\nREVG\n'): string =>
  `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;

describe('the block of PEM that is read is', () => {
  const cases: Readonly<Record<string, readonly [text: string, label: string]>> = {
    'the only one': [block('PRIVATE KEY'), 'PRIVATE KEY'],
    'the private key behind its parameters': [
      block('EC PARAMETERS') + block('EC PRIVATE KEY'),
      'EC PRIVATE KEY',
    ],
    'the private key behind a certificate, with text between': [
      `subject=a\n${block('CERTIFICATE')}key:\n${block('RSA PRIVATE KEY')}`,
      'RSA PRIVATE KEY',
    ],
    'the first of two private keys': [block('PRIVATE KEY') + block('EC PRIVATE KEY'), 'PRIVATE KEY'],
    'the first of other blocks': [block('CERTIFICATE') + block('PUBLIC KEY'), 'CERTIFICATE'],
    'one before another that never ends': [
      `${block('PUBLIC KEY')}-----BEGIN CERTIFICATE-----\nQUJD\n`,
      'PUBLIC KEY',
    ],
    'the first whole one': [`-----BEGIN CERTIFICATE-----\nQUJD\n${block('PUBLIC KEY')}`, 'PUBLIC KEY'],
    'one behind a stray END': [`-----END PRIVATE KEY-----\n${block('PRIVATE KEY')}`, 'PRIVATE KEY'],
    'one of a label with digits': [block('X509 CRL'), 'X509 CRL'],
  };
  for (const [title, [text, label]] of Object.entries(cases)) {
    it(title, () => assert.deepEqual(findPemBlock(text), { label, base64: 'QUJDREVG', encrypted: false }));
  }

  it('the same for any line breaks and indentation', () => {
    for (const body of ['QUJDREVG', ' QUJD\r\n\r\n\tRE VG\r\n', '\n\n   QUJDREVG   \n'])
      assert.deepEqual(findPemBlock(block('PRIVATE KEY', body)), {
        label: 'PRIVATE KEY',
        base64: 'QUJDREVG',
        encrypted: false,
      });
  });

  it('encrypted if a line of it says so', () => {
    const found = findPemBlock(block('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\n\nQUJD\n'));
    assert.ok('label' in found && found.encrypted);
  });
});

describe('no block of PEM', () => {
  const cases: Readonly<Record<string, readonly [text: string, cutOff: string | undefined]>> = {
    'is in a text without one': ['hello', undefined],
    'is what begins and never ends': ['-----BEGIN PRIVATE KEY-----\nQUJD\n', 'PRIVATE KEY'],
    'is what begins again and never ends': [
      '-----BEGIN PUBLIC KEY-----\n-----BEGIN PRIVATE KEY-----\nQUJD\n',
      'PRIVATE KEY',
    ],
    'is a private key that never ends, before a whole block': [
      `-----BEGIN PRIVATE KEY-----\nQUJD\n${block('CERTIFICATE')}`,
      'PRIVATE KEY',
    ],
    'is a private key that never ends, behind a whole block': [
      `${block('EC PARAMETERS')}-----BEGIN EC PRIVATE KEY-----\nQUJD\n`,
      'EC PRIVATE KEY',
    ],
    'is what ends by another name': [
      '-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PUBLIC KEY-----',
      'PRIVATE KEY',
    ],
    'has a label longer than any': [block('A'.repeat(41)), undefined],
    'has a label in small letters': [block('private key'), undefined],
  };
  for (const [title, [text, cutOff]] of Object.entries(cases))
    it(title, () => assert.deepEqual(findPemBlock(text), { cutOff }));
});
