import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ALGORITHMS, isAlgorithmName } from '../../src/resources/algorithms.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { makeKey, makeRsaKey, NRP_KEY, OPENSSH_KEYS, someKey, toPem } from '../fixtures/keys.ts';
import { execute } from '../runs/execute.ts';
import { tlv, toInteger } from './key/tlv.ts';

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

/** The curve P-256, as `openssl ecparam -name prime256v1 -genkey` writes it before the key. */
const EC_PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';

describe('a private key is read from', () => {
  const rsa = makeRsaKey(2048);
  const cases: readonly (readonly [string, string, keyof typeof ALGORITHMS])[] = [
    ['the SEC1 example of the NRP page', NRP_KEY, 'ES256'],
    ['the same with blank lines, as the page prints it', NRP_KEY.replaceAll('\n', '\n\n'), 'ES256'],
    ['the same indented', NRP_KEY.replaceAll('\n', '\n      '), 'ES256'],
    ['the same with CRLF', NRP_KEY.replaceAll('\n', '\r\n'), 'ES256'],
    ['the same behind EC PARAMETERS', `${EC_PARAMETERS}${NRP_KEY}`, 'ES256'],
    ['the same with text before and after', `my key\n${NRP_KEY}\nthe end`, 'ES256'],
    ['PKCS#8', toPem(makeKey('ES384')), 'ES384'],
    ['PKCS#1', toPem(rsa, 'pkcs1'), 'RS256'],
    ['a JWK of RSA', JSON.stringify(rsa.export({ format: 'jwk' })), 'PS512'],
    [
      'a JWK with kid, alg and key_ops',
      JSON.stringify({ ...makeKey('EdDSA').export({ format: 'jwk' }), kid: 'a', key_ops: ['sign'] }),
      'EdDSA',
    ],
    [
      'a JWK with blank lines around it',
      `\n \n${JSON.stringify(makeKey('ES256').export({ format: 'jwk' }))}\n`,
      'ES256',
    ],
  ];
  for (const [name, text, algorithm] of cases) {
    it(name, async () => {
      const result = await readSigningKey(text, algorithm);
      assert.ok(result.ok, JSON.stringify(result));
      assert.equal('d' in result.value.publicJwk, false, 'the public JWK holds no private member');
    });
  }

  it('a key for every algorithm that the resource may name', async () => {
    for (const name of Object.keys(ALGORITHMS)) {
      assert.ok(isAlgorithmName(name));
      assert.ok((await readSigningKey(toPem(someKey(name)), name)).ok, name);
    }
  });
});

describe('a key is refused with a reason and a remedy when it', () => {
  it('is neither PEM nor JWK', () =>
    expectProblem('hello', 'ES256', 'KeyUnreadable', /no PEM block and no JWK/));
  it('is broken inside', () =>
    expectProblem(NRP_KEY.replace('MHcC', 'AAAA'), 'ES256', 'KeyUnreadable', /does not parse/));
  it('is cut off', () =>
    expectProblem(
      NRP_KEY.slice(0, 100),
      'ES256',
      'KeyUnreadable',
      /the EC PRIVATE KEY block is cut off: its line "-----END EC PRIVATE KEY-----" is missing/,
    ));
  it('is cut off behind what openssl ecparam writes before it', () =>
    expectProblem(
      `${EC_PARAMETERS}${NRP_KEY.slice(0, 100)}`,
      'ES256',
      'KeyUnreadable',
      /the EC PRIVATE KEY block is cut off/,
    ));
  it('is missing behind its parameters', () =>
    expectProblem(
      EC_PARAMETERS,
      'ES256',
      'KeyUnreadable',
      /found EC PARAMETERS: the block with the private key, which follows them, is missing/,
    ));
  it('is longer than any key', () =>
    expectProblem(`${NRP_KEY}${'#'.repeat(16_384)}`, 'ES256', 'KeyUnreadable', /more than 16384 characters/));
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
  it('is a JWK with an empty private member', () =>
    expectProblem(
      JSON.stringify({ ...makeKey('ES256').export({ format: 'jwk' }), d: '' }),
      'ES256',
      'KeyUnreadable',
      /no private member "d"/,
    ));
  it('is a JWK of a type that cannot sign', () =>
    expectProblem('{"kty":"oct","k":"AAAA","d":"x"}', 'ES256', 'KeyUnreadable', /no "kty" that can sign/));
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
    expectProblem(toPem(makeRsaKey(1024)), 'RS256', 'KeyTooShort', /2048 to 8192 bits.*1024 bits/));
  it('is too long to sign with at all', () =>
    expectProblem(
      JSON.stringify(hugeJwk(2_048)),
      'RS256',
      'KeyMismatch',
      /2048 to 8192 bits, this is an RSA key of 16384 bits/,
    ));
  it('has curve parameters of its own, with the command that names the curve', () => {
    const pem = NRP_KEY.replaceAll(/-----.*-----|\n/g, '');
    const der = Buffer.from(pem, 'base64');
    const at = der.indexOf(Buffer.from('06082a8648ce3d030107', 'hex'));
    der[at] = 0x30; // a SEQUENCE of parameters in the place of a curve's name
    return expectProblem(
      toBlock('EC PRIVATE KEY', der),
      'ES256',
      'KeyMismatch',
      /explicit parameters: openssl ec -in KEY -param_enc/,
    );
  });
  it('has parts of other keys, whatever its type', async () => {
    for (const algorithm of ['ES256', 'ES512', 'RS256', 'EdDSA'] as const) {
      const [one, other] = [makeKey(algorithm), makeKey(algorithm)].map((key) =>
        key.export({ format: 'jwk' }),
      );
      const { d = '' } = other ?? {};
      const mixed = algorithm === 'RS256' ? { ...one, n: other?.n ?? '' } : { ...one, d };
      await expectProblem(JSON.stringify(mixed), algorithm, 'KeyUnreadable', /belong together/);
    }
  });
  it('has parts that would make computations slow', async () => {
    const jwk = makeRsaKey(2048).export({ format: 'jwk' });
    const number = (name: string): Buffer => Buffer.from(String(jwk[name]), 'base64url');
    const long = Buffer.concat([number('n'), number('n')]);
    const cases: readonly (readonly [string, Buffer, RegExp])[] = [
      ['e', number('n'), /an exponent of unusual size/],
      ['e', Buffer.from([1]), /an exponent of unusual size/],
      // OpenSSL itself accepts none that is longer than the modulus.
      ...['d', 'p', 'q', 'dp', 'dq', 'qi'].map((name) => [name, long, /does not parse/] as const),
    ];
    for (const [name, value, says] of cases) {
      const numbers = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map((part) =>
        part === name ? value : number(part),
      );
      const integers = [Buffer.from([0]), ...numbers].map(toInteger);
      const read = await readSigningKey(toBlock('RSA PRIVATE KEY', tlv(0x30, ...integers)), 'RS256');
      assert.ok(!read.ok, name);
      assert.match(read.problem.message, says, name);
    }
  });
  it('has a type for which OpenSSL computes during parsing: only its header is read', async () => {
    const types = { dsa: '06072a8648ce380401', dh: '06092a864886f70d010301', x25519: '06032b656e' };
    for (const [type, id] of Object.entries(types)) {
      const algorithm = tlv(0x30, Buffer.from(id, 'hex'));
      // This is not a key at all: OpenSSL would say that it cannot parse it.
      const der = tlv(0x30, Buffer.from('020100', 'hex'), algorithm, tlv(0x04, Buffer.from('junk')));
      const text = toBlock('PRIVATE KEY', der);
      await expectProblem(text, 'RS256', 'KeyMismatch', new RegExp(`this is a key of type ${type}$`));
    }
  });
  it('has a broken part, without showing any of its text', async () => {
    const result = await readSigningKey(NRP_KEY.replace('MHcC', 'AAAA'), 'ES256');
    assert.ok(!result.ok && !/[A-Za-z0-9+/]{20}/.test(result.problem.message));
  });
});

describe('a key in another form is named, with the command that converts it, when it is', () => {
  const pem = toPem(makeKey('ES256'));
  const der = makeKey('ES256').export({ format: 'der', type: 'pkcs8' });
  const converted: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
    'DER in PKCS#8': [der, /found DER.*: convert it, (openssl pkey .*)$/],
    'DER in SEC1': [
      makeKey('ES256').export({ format: 'der', type: 'sec1' }),
      /found DER.*: convert it, (openssl pkey .*)$/,
    ],
    'DER of RSA': [
      makeRsaKey(2048).export({ format: 'der', type: 'pkcs1' }),
      /found DER.*: convert it, (openssl pkey .*)$/,
    ],
    'base64 of PEM': [encode(pem), /found base64 of PEM.*: decode it, (base64 -d .*)$/],
    'the same in lines': [
      Buffer.from(encode(pem).toString().replaceAll(/.{76}/g, '$&\n')),
      /found base64 of PEM.*: decode it, (base64 -d .*)$/,
    ],
    'base64 of DER': [encode(der), /found base64 without the lines of PEM: (base64 -d .*)$/],
    'PEM with literal \\n': [
      Buffer.from(pem.replaceAll('\n', String.raw`\n`)),
      /line breaks are written as "\\n": convert it, (printf .*)$/,
    ],
    'PEM in UTF-16': [Buffer.from(`\uFEFF${pem}`, 'utf16le'), /the text is UTF-16: convert it, (iconv .*)$/],
  };
  for (const [name, [bytes, says]] of Object.entries(converted)) {
    it(name, async (context) => {
      const folder = await mkdtemp(join(tmpdir(), 'jwt-key-'));
      context.after(() => rm(folder, { recursive: true }));
      const algorithm = name.endsWith('RSA') ? 'RS256' : 'ES256';
      const read = await readSigningKey(bytes.toString(), algorithm);
      assert.ok(!read.ok);
      assert.equal(read.problem.reason, 'KeyUnreadable');
      const [, command = ''] = says.exec(read.problem.message) ?? assert.fail(read.problem.message);
      await writeFile(join(folder, 'KEY'), bytes);
      await execute('sh', ['-c', command], { cwd: folder });
      const text = await readFile(join(folder, 'key.pem'), 'utf8');
      assert.ok((await readSigningKey(text, algorithm)).ok, 'the command makes a key that can be read');
    });
  }

  // Run by hand with OpenSSH 9.2, which says that it converts Ed25519, but does not.
  const named: Readonly<Record<string, readonly [string, RegExp]>> = {
    'an OpenSSH key': [
      OPENSSH_KEYS.ecdsa,
      /found an OpenSSH key: convert a copy, cp KEY key\.pem && ssh-keygen -p -N '' -m PKCS8 -f key\.pem$/,
    ],
    'an OpenSSH key of Ed25519': [
      OPENSSH_KEYS.ed25519,
      /OpenSSH key of Ed25519: .*openssl genpkey -algorithm/,
    ],
    'a public key of SSH': ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc a@b', /the file without \.pub/],
    'the same in the form of RFC 4716': ['---- BEGIN SSH2 PUBLIC KEY ----\nAAAA', /the file without \.pub/],
    'PKCS#12': ['0\uFFFD\u0007\uFFFD\u0002\u0001\u0003', /found PKCS#12: .*openssl pkcs12 -in KEY/],
    'base64 of a JWK': [encode('{"kty":"EC"}').toString(), /found base64 of a JWK: decode it, base64 -d/],
  };
  for (const [name, [text, says]] of Object.entries(named))
    it(name, () => expectProblem(text, 'ES256', 'KeyUnreadable', says));
});

function encode(text: string | Buffer): Buffer {
  return Buffer.from(Buffer.from(text).toString('base64'));
}

/** An RSA key with a valid form only, with a modulus of `bytes` bytes. */
function hugeJwk(bytes: number): Record<string, string> {
  const number = (length: number): string => Buffer.alloc(length, 0xff).toString('base64url');
  const half = number(bytes / 2);
  return {
    kty: 'RSA',
    n: number(bytes),
    e: 'AQAB',
    d: number(bytes),
    p: half,
    q: half,
    dp: half,
    dq: half,
    qi: half,
  };
}

function toBlock(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}
