import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeKey, makeRsaKey, toPem } from '../fixtures/keys.ts';
import { Canaries } from './canaries.ts';

describe('the canaries of the fault suite', () => {
  it('find a key in every alphabet and form, and only report the place', () => {
    for (const pem of [
      toPem(makeKey('ES256')),
      toPem(makeKey('ES256'), 'sec1'),
      toPem(makeRsaKey(2048), 'pkcs1'),
    ]) {
      const canaries = new Canaries();
      canaries.addKey(pem);
      const shown = [
        pem,
        JSON.stringify({ pem }),
        Buffer.from(pem).toString('base64'),
        Buffer.from(pem).toString('base64url'),
      ];
      for (const text of shown) {
        assert.deepEqual(canaries.search({ 'the log': `before ${text} after`, 'an event': 'nothing' }), [
          { invariant: 'I6', what: 'a key or token shows in the log' },
        ]);
      }
    }
  });

  it('find parts of a token, and the private member of a JWK', () => {
    const canaries = new Canaries();
    canaries.addToken(`eyJhbGciOiJFUzI1NiJ9.${'p'.repeat(40)}.${'s'.repeat(86)}`);
    const jwk = makeKey('ES256').export({ format: 'jwk' });
    canaries.addKey(JSON.stringify(jwk));
    for (const text of ['p'.repeat(40), 's'.repeat(50), `{"d":"${jwk.d}"}`]) {
      assert.equal(canaries.search({ text }).length, 1);
    }
  });

  it('allow the public half, also if it begins like the private one', () => {
    for (let round = 0; round < 20; round += 1) {
      const key = makeRsaKey(2048);
      const canaries = new Canaries();
      canaries.addKey(toPem(key, 'pkcs1'));
      canaries.addKey(toPem(key));
      const status = JSON.stringify(createPublicKey(key).export({ format: 'jwk' }));
      const pem = createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
      assert.deepEqual(canaries.search({ status, pem }), []);
    }
  });
});
