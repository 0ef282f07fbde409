import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InlineKeys } from '../../src/cluster-state/inline-keys.ts';
import { keySourceOf } from '../../src/resources/jwt.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';

describe('private keys in specs', () => {
  const [text, other] = [toPem(makeKey('ES256')), toPem(makeKey('ES256'))];

  it('are one object if they are equal, and the JWT says the same', () => {
    const keys = new InlineKeys();
    const first = keys.share(makeJwt({ key: { value: text } }));
    keys.share(makeJwt({ key: { value: other } }));
    const jwt = makeJwt({ key: { value: text } }, { metadata: { name: 'second' } });
    const second = keys.share(jwt);
    assert.deepEqual(second, jwt);
    assert.equal(keySourceOf(second), keySourceOf(first));
  });

  it('leave a JWT as it is whose key nobody else has, is in a Secret, or is not valid', () => {
    const keys = new InlineKeys();
    const all = [{ value: text }, { value: other }, { secret: { name: 'a', key: 'b' } }, { value: 1 }];
    for (const key of all) {
      const jwt = makeJwt({ key });
      assert.equal(keys.share(jwt), jwt);
    }
  });
});
