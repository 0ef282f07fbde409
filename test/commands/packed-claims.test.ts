import assert from 'node:assert/strict';
import { it } from 'node:test';
import { packClaims } from '../../src/commands/run/packed-claims.ts';
import { makeJwt } from '../fixtures/jwts.ts';

it('a JWT with few claims stays as it is', () => {
  const jwt = makeJwt();
  assert.equal(packClaims(jwt), jwt);
});

it('many claims are the same whenever they are asked for, and kept as text alone', () => {
  const data = { many: Array.from({ length: 15_000 }, () => ({})), text: '\u00e9\u{1f511}' };
  const jwt = makeJwt({ data });
  const packed = packClaims(jwt);
  assert.deepEqual(packed, jwt);
  assert.ok(packed.spec.ok && jwt.spec.ok);
  assert.notEqual(packed.spec.value.data, packed.spec.value.data, 'nothing of them is kept');
  assert.deepEqual({ ...packed.spec.value }, jwt.spec.value);
});
