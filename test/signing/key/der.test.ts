import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { typeOfPkcs1, typeOfPkcs8, typeOfSec1 } from '../../../src/signing/key/der.ts';
import { makeKey, makeRsaKey } from '../../fixtures/keys.ts';
import { tlv } from './tlv.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const VERSION = hex('020100');
const KEY = tlv(0x04, hex('00'));
const NULL = hex('0500');
const P256 = hex('06082a8648ce3d030107');
const EC = hex('06072a8648ce3d0201');
/** In the place of a curve's name. */
const OWN_CURVE = tlv(0x30, VERSION);
const parameters = (...content: readonly Buffer[]): Buffer => tlv(0xa0, ...content);

const pkcs8 = (id: Buffer, ...more: readonly Buffer[]): Buffer =>
  tlv(0x30, VERSION, tlv(0x30, id, ...more), KEY);

describe('the type of a key in PKCS#8, by its header alone, is', () => {
  const asDer = { format: 'der', type: 'pkcs8' } as const;
  const keys: Readonly<Record<string, Buffer>> = {
    rsa: makeRsaKey(2_048).export(asDer),
    ec: makeKey('ES384').export(asDer),
    ed25519: makeKey('EdDSA').export(asDer),
    'rsa-pss': generateKeyPairSync('rsa-pss', { modulusLength: 1_024 }).privateKey.export(asDer),
    x25519: generateKeyPairSync('x25519').privateKey.export(asDer),
    x448: generateKeyPairSync('x448').privateKey.export(asDer),
    ed448: generateKeyPairSync('ed448').privateKey.export(asDer),
  };
  for (const [type, der] of Object.entries(keys))
    it(`${type}, of a key that OpenSSL made`, () => assert.equal(typeOfPkcs8(der), type));

  const made: Readonly<Record<string, readonly [Buffer, string]>> = {
    'dsa, of DSA': [pkcs8(hex('06072a8648ce380401')), 'dsa'],
    'dh, of Diffie-Hellman': [pkcs8(hex('06092a864886f70d010301')), 'dh'],
    'dh, of the same as X9.42 has it': [pkcs8(hex('06072a8648ce3e0201')), 'dh'],
    'unknown, of what nobody knows': [pkcs8(hex('06022a03'), NULL), 'unknown'],
    'explicit-curve, of EC with a curve of its own': [pkcs8(EC, OWN_CURVE), 'explicit-curve'],
    'explicit-curve, of EC without any': [pkcs8(EC), 'explicit-curve'],
  };
  for (const [title, [der, type]] of Object.entries(made))
    it(title, () => assert.equal(typeOfPkcs8(der), type));
});

describe('the type of a key in SEC1 is', () => {
  it('ec, with the name of a curve', () => {
    assert.equal(typeOfSec1(makeKey('ES256').export({ format: 'der', type: 'sec1' })), 'ec');
    assert.equal(typeOfSec1(tlv(0x30, VERSION, KEY, parameters(P256))), 'ec');
  });
  it('explicit-curve, with any other parameters', () => {
    assert.equal(typeOfSec1(tlv(0x30, VERSION, KEY, parameters(OWN_CURVE))), 'explicit-curve');
    assert.equal(typeOfSec1(tlv(0x30, VERSION, KEY, parameters())), 'explicit-curve');
  });
});

it('the type of a key in PKCS#1 is rsa', () => {
  assert.equal(typeOfPkcs1(makeRsaKey(1_024).export({ format: 'der', type: 'pkcs1' })), 'rsa');
});

describe('a structure has no type when it', () => {
  const algorithm = tlv(0x30, EC, P256);
  const cases: Readonly<Record<string, readonly [(der: Uint8Array) => unknown, readonly Buffer[]]>> = {
    'is not of PKCS#8': [
      typeOfPkcs8,
      [
        Buffer.alloc(0),
        hex('30'),
        tlv(0x30),
        tlv(0x30, VERSION),
        tlv(0x30, VERSION, algorithm),
        tlv(0x31, VERSION, algorithm, KEY),
        tlv(0x30, KEY, algorithm, KEY),
        tlv(0x30, VERSION, tlv(0x31, EC, P256), KEY),
        tlv(0x30, VERSION, algorithm, VERSION),
        tlv(0x30, VERSION, tlv(0x30), KEY),
        tlv(0x30, VERSION, tlv(0x30, NULL, P256), KEY),
        // Complete except for the last element, whose length is beyond the end of the whole.
        Buffer.concat([tlv(0x30, VERSION, algorithm, hex('0403')), hex('000000')]),
      ],
    ],
    'is not of SEC1': [
      typeOfSec1,
      [
        Buffer.alloc(0),
        tlv(0x30, VERSION),
        tlv(0x30, VERSION, KEY),
        tlv(0x31, VERSION, KEY, parameters(P256)),
        tlv(0x30, KEY, KEY, parameters(P256)),
        tlv(0x30, VERSION, VERSION, parameters(P256)),
        tlv(0x30, VERSION, KEY, P256),
      ],
    ],
    'is not of PKCS#1': [
      typeOfPkcs1,
      [
        Buffer.alloc(0),
        tlv(0x30, VERSION, VERSION),
        tlv(0x31, VERSION, VERSION, VERSION),
        tlv(0x30, KEY, VERSION, VERSION),
        tlv(0x30, VERSION, KEY, VERSION),
        tlv(0x30, VERSION, VERSION, KEY),
      ],
    ],
    'has a length that DER does not have, or more bytes than any key': [
      typeOfPkcs1,
      [
        Buffer.concat([hex('3080'), VERSION, VERSION, VERSION, Buffer.alloc(200)]),
        Buffer.concat([hex('3083000009'), VERSION, VERSION, VERSION]),
      ],
    ],
  };
  for (const [title, [find, structures]] of Object.entries(cases)) {
    it(title, () => {
      for (const der of structures) assert.equal(find(der), undefined, der.toString('hex'));
    });
  }

  it('is cut off anywhere', () => {
    const whole = tlv(0x30, VERSION, algorithm, tlv(0x04, Buffer.alloc(200)));
    assert.equal(typeOfPkcs8(whole), 'ec');
    for (let length = 0; length < whole.length; length += 1)
      assert.equal(typeOfPkcs8(whole.subarray(0, length)), undefined, `${length} bytes`);
  });
});

it('lengths in DER can have one byte more than needed', () => {
  const [long, longest] = [hex('308109'), hex('30820009')];
  for (const head of [long, longest])
    assert.equal(typeOfPkcs1(Buffer.concat([head, VERSION, VERSION, VERSION])), 'rsa');
});
