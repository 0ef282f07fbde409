import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { getHeapSnapshot } from 'node:v8';
import { createCaches } from '../../src/cluster-state/caches.ts';
import { wireJwt } from '../fixtures/jwts.ts';

/** As bytes: a text to search for would be found. */
const MARK = Buffer.from('QUJDREVG'.repeat(8));

describe('the caches', () => {
  for (const [kind, length] of [
    ['RSA', 1_700],
    ['ES256', 240],
    ['EdDSA', 120],
  ] as const) {
    it(`do not have the text of a private key in a JWT any more (${kind}) when the JWT has another one`, async () => {
      const { jwts } = createCaches();
      const put = (resourceVersion: string, key: object): void => {
        const object: unknown = JSON.parse(
          JSON.stringify(wireJwt({ key }, { metadata: { resourceVersion } })),
        );
        const jwt = jwts.parse(object as Parameters<typeof jwts.parse>[0]);
        assert.ok(jwt?.spec.ok);
        jwts.cache.set('science/my-jwt', resourceVersion, jwt);
      };
      const holdsText = async (): Promise<boolean> => {
        await new Promise(setImmediate); // a WeakRef keeps what it names until the end of the turn
        return (await buffer(getHeapSnapshot())).includes(MARK);
      };
      const text = (): string => `-----BEGIN PRIVATE KEY-----\n${MARK.toString().padEnd(length, 'x')}`;
      put('1', { value: text() });
      assert.equal(await holdsText(), true);
      put('2', { secret: { name: 'my-key', key: 'key.pem' } });
      assert.equal(await holdsText(), false);
      put('3', { value: text() });
      jwts.cache.delete('science/my-jwt', '4');
      assert.equal(await holdsText(), false);
    });
  }
});
