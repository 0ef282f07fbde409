import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordKey, parsePublicJwk } from '../../src/reconcile/key-record.ts';
import type { Observed } from '../../src/reconcile/observed.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NOW, makeObserved, ourSecret, readKey, settled, settledJwt } from '../fixtures/observed.ts';

const key = { state: 'read', version: 'key/7', key: await readKey() } as const;
const bare = JSON.stringify(key.key.publicJwk);

/** The earlier record, in the same form. */
const recordOf = ({ recorded }: Observed['jwt']): object => {
  const { keyId, keyThumbprint, publicKey, keyVersion } = recorded;
  return { keyId, keyThumbprint, publicKey, keyVersion };
};

describe('the record of the key that the current token was signed with', () => {
  it('stays unchanged while there is no valid token, for any key and spec', async () => {
    const jwt = await settledJwt({ keyId: 'another' });
    for (const secret of [undefined, ourSecret(jwt, 0, { token: { state: 'faulty', cause: 'Expired' } })])
      assert.deepEqual(recordKey(makeObserved({ jwt, secret, key }), false), recordOf(jwt));
  });

  it('stays unchanged while the spec cannot be served, even with a valid token', async () => {
    const served = await settledJwt();
    const broken = { ...makeJwt({ algorithm: 'none' }), recorded: served.recorded };
    assert.deepEqual(
      recordKey(makeObserved({ jwt: broken, secret: ourSecret(served), key }), false),
      recordOf(served),
    );
  });

  it('does not change for a key that is not proved to have signed the token', async () => {
    const jwt = makeJwt();
    const token = { state: 'valid', expiresAt: NOW, isLegacy: true, tokenId: undefined } as const;
    const recorded = (signature: 'unknown' | 'verified'): string | undefined =>
      recordKey(
        makeObserved({ jwt, secret: ourSecret(jwt, 0, { token: { ...token, signature } }), key }),
        false,
      ).keyVersion;
    assert.equal(recorded('unknown'), undefined);
    assert.equal(recorded('verified'), 'key/7');
  });

  it('does not change for a token in a Secret of another owner, whether it was checked or not', () => {
    const jwt = makeJwt();
    const token = { state: 'valid', expiresAt: NOW, isLegacy: false, tokenId: 'x' } as const;
    for (const signature of ['unknown', 'verified'] as const) {
      const foreign = {
        ...ourSecret(jwt, 0, { token: { ...token, signature } }),
        owners: [],
        annotations: {},
      };
      assert.deepEqual(recordKey(makeObserved({ jwt, secret: foreign, key }), false), recordOf(jwt));
    }
  });

  it('is of the key that signed in this round, even if there was no token before', () => {
    const record = recordKey(makeObserved({ jwt: makeJwt(), key }), true);
    assert.deepEqual(
      [record.keyId, record.keyThumbprint, record.keyVersion],
      ['my-jwt-key', key.key.thumbprint, 'key/7'],
    );
  });

  it('publishes the recorded key under the key id of the spec while the key was not read', async () => {
    const jwt = await settledJwt();
    const recorded = { ...jwt.recorded, publicKey: bare };
    const observed = makeObserved({ jwt: { ...jwt, recorded }, secret: ourSecret(jwt) });
    assert.equal(recordKey(observed, false).publicKey, bare);
    const record = recordKey({ ...observed, recordedKey: key.key.publicJwk }, false);
    assert.equal(record.publicKey, jwt.recorded.publicKey);
  });

  it('has the key id of the spec, with which a valid token was signed', async () => {
    const { jwt, ...observed } = await settled();
    const lost = { ...jwt, recorded: { ...jwt.recorded, keyId: undefined } };
    assert.equal(recordKey({ ...observed, jwt: lost }, false).keyId, 'my-jwt-key');
  });
});

describe('a public key in the status', () => {
  it('is a JWK as JSON text, or absent', () => {
    assert.deepEqual(parsePublicJwk(bare), { ...key.key.publicJwk });
    for (const text of ['', '{', 'null', '7', '"EC"', '["EC"]', '{}', '{"kty":7}', '[{"kty":"EC"}]'])
      assert.equal(parsePublicJwk(text), undefined, text);
  });
});
