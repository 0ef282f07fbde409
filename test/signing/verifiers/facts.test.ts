import assert from 'node:assert/strict';
import { it } from 'node:test';
import { chooseKey } from '../../../src/signing/verifiers/facts.ts';

it('a verifier takes the first key of the name, and without a name the only one', () => {
  const [a, b, again] = [
    { kty: 'EC', kid: 'a' },
    { kty: 'EC', kid: 'b' },
    { kty: 'RSA', kid: 'a' },
  ] as const;
  assert.equal(chooseKey([b, a, again], 'a'), a);
  assert.equal(chooseKey([a], 'b'), undefined);
  assert.equal(chooseKey([a], undefined), a);
  assert.equal(chooseKey([a, b], undefined), undefined);
});
