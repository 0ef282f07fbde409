import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PublicKeys } from '../../src/loop/public-keys.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { NRP_KEY } from '../fixtures/keys.ts';

describe('the public keys', () => {
  it('are made ready once, for any kid; a JWK that is not a key gives nothing', async () => {
    const keys = new PublicKeys();
    const key = await readSigningKey(NRP_KEY, 'ES256');
    assert.ok(key.ok);
    const { publicJwk } = key.value;
    const published = { ...publicJwk, kid: 'a', alg: 'ES256', use: 'sig' };
    assert.equal(await keys.makeReady(publicJwk, 'ES256'), await keys.makeReady(published, 'ES256'));
    assert.equal(await keys.makeReady({ kty: 'EC', crv: 'P-256' }, 'ES256'), undefined);
  });

  it('are parsed once from the text in a status; a text that is not a JWK gives nothing', async () => {
    const keys = new PublicKeys();
    const key = await readSigningKey(NRP_KEY, 'ES256');
    assert.ok(key.ok);
    const text = JSON.stringify(key.value.publicJwk);
    assert.deepEqual(keys.parse(text), key.value.publicJwk);
    assert.equal(keys.parse(text), keys.parse(text));
    for (const broken of [undefined, '{', '7', '{"kty":7}', '[]'])
      assert.equal(keys.parse(broken), undefined);
  });

  it('drop the one that was unused for longest', () => {
    const keys = new PublicKeys(2);
    const [a, b, c] = ['a', 'b', 'c'].map((x) => JSON.stringify({ kty: 'EC', crv: 'P-256', x }));
    const [first, second] = [keys.parse(a), keys.parse(b)];
    assert.equal(keys.parse(a), first);
    keys.parse(c);
    assert.equal(keys.parse(a), first, 'it stayed');
    assert.notEqual(keys.parse(b), second, 'it went');
  });
});
