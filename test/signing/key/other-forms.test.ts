import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nameOtherBlock, nameOtherForm } from '../../../src/signing/key/other-forms.ts';

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

describe('a text is named as', () => {
  const forms: Readonly<Record<string, readonly [says: RegExp, texts: readonly string[]]>> = {
    'a public key of SSH': [
      /^found a public key of SSH: .*the file without \.pub$/,
      [
        'ssh-rsa AAAAB3',
        'ecdsa-sha2-nistp256 AAAAE2',
        'sk-ssh-ed25519@openssh.com AAAAGn',
        '---- BEGIN SSH2 PUBLIC KEY ----',
      ],
    ],
    'UTF-16': [
      /^the text is UTF-16: convert it, iconv /,
      ['\uFFFD\uFFFD-\u0000-\u0000-\u0000', '\u0000-\u0000-'],
    ],
    DER: [
      /^found DER, the binary form: convert it, openssl pkey /,
      ['0A\u0002\u0001\u0000', '0\uFFFDAAA\u0002\u0001\u0001', '0AA\u0002\u0001\u0002'],
    ],
    'PKCS#12': [
      /^found PKCS#12: .*openssl pkcs12 /,
      ['0AA\u0002\u0001\u0003', '0AAAA\u0002\u0001\u0003AAAA'],
    ],
    'base64 of PEM': [
      /^found base64 of PEM, encoded once too often: decode it, base64 -d /,
      [
        base64('-----BEGIN PRIVATE KEY-----'),
        base64('-----BEGIN EC PRIVATE KEY-----\n'.repeat(9)),
        `${base64('-----BEGIN EC PRIVATE KEY-----\n'.repeat(9))} # copied from the old cluster`,
        'LS0tLS1C\nRUdJTg==',
      ],
    ],
    'base64 without the lines of PEM': [
      /^found base64 without the lines of PEM: base64 -d KEY \| openssl pkey /,
      [base64('0\x81A\x02\x01\x00'), base64('0A\x02\x01\x01')],
    ],
    'base64 of a JWK': [/^found base64 of a JWK: decode it, base64 -d /, [base64('{"kty":"EC"}')]],
  };
  for (const [form, [says, texts]] of Object.entries(forms)) {
    it(form, () => {
      for (const text of texts) assert.match(nameOtherForm(text) ?? 'nothing', says, JSON.stringify(text));
    });
  }

  it('none of them if it is only similar', () => {
    const close = [
      'hello',
      '',
      'my key: ssh-rsa AAAAB3',
      'ssh-rsa BBBB',
      ' ---- BEGIN SSH2 PUBLIC KEY',
      `${'-'.repeat(80)}\u0000-\u0000`,
      '0A\u0002\u0001\u0004',
      '0A\u0002\u0001',
      '0\u0001AAAAAA',
      '0\u0002\u0001\u0000',
      '1A\u0002\u0001\u0000',
      '0AAAAAA\u0002\u0001\u0000',
      'LS0tLS1C.RUdJTg==',
      '=LS0tLS1CRUdJTg',
      base64('1A\x02\x01\x00'),
      base64(' {"kty":"EC"}'),
    ];
    for (const text of close) assert.equal(nameOtherForm(text), undefined, JSON.stringify(text));
  });
});

describe('a block of PEM is named as', () => {
  const name = (label: string, content: string): string | undefined =>
    nameOtherBlock({ label, base64: content, encrypted: false });

  it('one whose line breaks are escaped, for any label', () => {
    for (const label of ['PRIVATE KEY', 'OPENSSH PRIVATE KEY'])
      assert.match(
        name(label, String.raw`\nQUJD\n`) ?? '',
        /^the line breaks are written as "\\n": convert it, printf '%b'/,
      );
  });
  it('one of OpenSSH, by the type of its key', () => {
    const label = 'OPENSSH PRIVATE KEY';
    assert.match(
      name(label, base64('openssh-key-v1\0 ssh-ed25519 ')) ?? '',
      /^found an OpenSSH key of Ed25519: .*openssl genpkey/,
    );
    assert.match(
      name(label, base64('openssh-key-v1\0 ssh-rsa ')) ?? '',
      /^found an OpenSSH key: .*ssh-keygen -p /,
    );
  });
  it('nothing else', () => assert.equal(name('PRIVATE KEY', base64('ssh-ed25519')), undefined));
});
