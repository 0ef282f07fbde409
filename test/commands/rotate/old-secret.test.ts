import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { wireJwt } from '../../fixtures/jwts.ts';
import { ISSUER, JWT, SECRETS, startRotating, switched, type Rotating } from './rotating.ts';

const LEGACY = '--legacy-key-namespace';

describe('the Secret of the old key', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
    const metadata = { name: 'my-key', namespace: 'science', uid: 'u', resourceVersion: '5' };
    rotating.api.objects.set(`${SECRETS}/my-key`, { metadata });
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const TABLE: readonly (readonly [
    title: string,
    namespace: string | undefined,
    keyVersion: string,
    args: readonly string[],
    noted: string | undefined,
  ])[] = [
    ['is noted if the JWT names its own namespace', 'science', 'other/1/key.pem', [], 'my-key'],
    ['is not noted if the JWT names another one', 'vault', 'u/5/key.pem', [], undefined],
    [
      'is noted if no namespace is named, and it is the object of the status',
      undefined,
      'u/5/key.pem',
      [],
      'my-key',
    ],
    ['is not noted if the key is from another object', undefined, 'other/1/key.pem', [], undefined],
    ['is not noted if it was changed since', undefined, 'u/4/key.pem', [], undefined],
    ['is not noted if another entry of it signed', undefined, 'u/5/other.pem', [], undefined],
    ['is noted if the service reads keys here', undefined, 'other/1/key.pem', [LEGACY, 'science'], 'my-key'],
    [
      'is not noted if the service reads keys elsewhere',
      undefined,
      'u/5/key.pem',
      [LEGACY, 'vault'],
      undefined,
    ],
  ];
  for (const [title, namespace, keyVersion, args, noted] of TABLE) {
    it(title, async () => {
      const key = {
        secret: { name: 'my-key', key: 'key.pem', ...(namespace === undefined ? {} : { namespace }) },
      };
      rotating.begin(undefined, { key, status: { keyVersion } });
      const { code, err } = await rotating.rotate('--force', ...args);
      assert.deepEqual([code, err], [0, '']);
      assert.equal(rotating.record()?.previousSecret, noted);
    });
  }

  it('is kept while a JWT in another namespace possibly uses it, as that names no namespace', async () => {
    const status = { keyId: 'another', issuer: ISSUER };
    const key = { secret: { name: 'my-key', key: 'key.pem' } };
    const metadata = { namespace: 'elsewhere', name: 'other' };
    const path = JWT.replace('science', 'elsewhere').replace('my-jwt', 'other');
    rotating.api.objects.set(path, wireJwt({ keyId: 'another', key }, { metadata, status }));
    const deletes = async (...args: readonly string[]): Promise<boolean> => {
      rotating.begin(switched);
      const { out } = await rotating.rotate(...args);
      return JSON.parse(out).commands.includes('kubectl delete secret my-key -n science');
    };
    assert.equal(await deletes(), false);
    assert.equal(await deletes(LEGACY, 'science'), false);
    assert.equal(await deletes(LEGACY, 'vault'), true);
  });
});
