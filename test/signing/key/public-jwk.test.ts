import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bareJwk, publicMembers, publishedJwk } from '../../../src/signing/key/public-jwk.ts';

describe('the public half of a key', () => {
  it('is published with the members that verifiers need, and compared without them', async () => {
    const bare = { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' };
    const published = publishedJwk(bare, 'my-key', 'ES256');
    assert.deepEqual(published, { ...bare, kid: 'my-key', alg: 'ES256', use: 'sig' });
    assert.deepEqual(bareJwk(published), bare);
  });

  it('has only public members that are strings, in a JWK of any author', () => {
    const jwk = { kty: 'EC', x: 'a', y: 7, d: 'private', key_ops: ['verify'], kid: 'my-key' };
    assert.deepEqual(publicMembers(jwk), { kty: 'EC', x: 'a', kid: 'my-key' });
  });
});
