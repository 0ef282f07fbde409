import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwk } from '../../../src/signing/key/jwk.ts';
import { makeKey } from '../../fixtures/keys.ts';

const exported = (algorithm: string) => makeKey(algorithm).export({ format: 'jwk' });
const EC = exported('ES256');
const OKP = exported('EdDSA');
const RSA = exported('RS256');

describe('the private key in a JWK', () => {
  it('of RSA is read beside members of other types of keys', () => {
    assert.ok(parseJwk(JSON.stringify({ ...RSA, crv: 'P-256', x: 'x', y: 'y' })).ok);
  });

  for (const [type, jwk] of Object.entries({ EC, OKP, RSA })) {
    it(`of type ${type} is read for any other members of the JWK`, () => {
      const more = { kid: 7, use: 'enc', key_ops: 'none', ext: false, oth: [{}] };
      const read = parseJwk(JSON.stringify({ ...jwk, ...more }));
      assert.ok(read.ok);
      assert.deepEqual(read.value.export({ format: 'jwk' }), jwk);
    });
  }

  const BROKEN = 'the JWK does not parse: kty, curve and members must belong together (RFC 7518 §6)';
  const NO_TYPE = 'the JWK has no "kty" that can sign: RSA, EC or OKP (RFC 7518 §6.1)';
  const NOT_PRIVATE = 'the JWK has no private member "d": a private key is needed to sign';
  const lacks = (names: string, all: string): string =>
    `the JWK has no ${names}: all of ${all} are needed here, export the key with them, or as PEM`;
  const without = (jwk: object, name: string): string =>
    JSON.stringify(Object.fromEntries(Object.entries(jwk).filter(([key]) => key !== name)));
  const refused: Readonly<Record<string, readonly [text: string, problem: string]>> = {
    'is not JSON': ['{"kty":', 'the text starts like a JWK but is not valid JSON'],
    'is a list': ['[{}]', 'a JWK must be a JSON object'],
    'is null': ['null', 'a JWK must be a JSON object'],
    'is one of a set': [JSON.stringify({ keys: [EC] }), 'found a JWK Set: give one private JWK of it'],
    'has no type': [without(EC, 'kty'), NO_TYPE],
    'has a type that cannot sign': [JSON.stringify({ ...EC, kty: 'oct' }), NO_TYPE],
    'has a type that is not text': [JSON.stringify({ ...EC, kty: ['EC'] }), NO_TYPE],
    'has no private member': [without(RSA, 'd'), NOT_PRIVATE],
    'has an empty private member': [JSON.stringify({ ...OKP, d: '' }), NOT_PRIVATE],
    'has a private member that is not text': [JSON.stringify({ ...EC, d: 1 }), NOT_PRIVATE],
    'lacks a coordinate': [without(EC, 'y'), lacks('y', 'crv, x, y, d')],
    'lacks its curve': [without(EC, 'crv'), lacks('crv', 'crv, x, y, d')],
    'lacks a prime': [without(RSA, 'p'), lacks('p', 'n, e, d, p, q, dp, dq, qi')],
    'has no more than RFC 7518 asks for': [
      JSON.stringify({ kty: 'RSA', n: RSA.n, e: RSA.e, d: RSA.d }),
      lacks('p, q, dp, dq, qi', 'n, e, d, p, q, dp, dq, qi'),
    ],
    'lacks its public half': [without(OKP, 'x'), lacks('x', 'crv, x, d')],
    'has a number that is not text': [JSON.stringify({ ...RSA, n: 7 }), BROKEN],
    'has a curve of another type': [JSON.stringify({ ...EC, crv: 'Ed25519' }), BROKEN],
    'has the public half of another key': [JSON.stringify({ ...OKP, x: exported('EdDSA').x ?? '' }), BROKEN],
  };
  for (const [fault, [text, problem]] of Object.entries(refused))
    it(`that ${fault} is refused`, () => assert.deepEqual(parseJwk(text), { ok: false, problem }));
});
