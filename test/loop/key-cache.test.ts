import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyCache, type KeyHolder } from '../../src/loop/key-cache.ts';
import type { Result } from '../../src/resources/result.ts';
import type { StateProblem } from '../../src/resources/problem.ts';
import { NRP_KEY } from '../fixtures/keys.ts';

type Holder = KeyHolder<Result<string, StateProblem>>;

/** An object with a key that counts its reads. */
function source(text: string = NRP_KEY, version = 'v1') {
  const counted = {
    asked: 0,
    load: async (): Promise<Holder> => {
      counted.asked += 1;
      return { version, annotations: { from: version }, content: { ok: true, value: text } };
    },
  };
  return counted;
}

describe('the key cache', () => {
  it('reads a key of one version once for all callers, also at the same time', async () => {
    const cache = new KeyCache();
    const counted = source();
    const keys = await Promise.all([1, 2, 3].map(() => cache.read('v1', 'ES256', counted.load)));
    await cache.read('v1', 'ES256', counted.load);
    assert.equal(counted.asked, 1);
    assert.ok(keys[0]?.content?.ok && keys.every((key) => key === keys[0]));
    assert.ok((await cache.read('v2', 'ES256', source(NRP_KEY, 'v2').load)) !== keys[0]);
  });

  it('reads another version and another algorithm again', async () => {
    const cache = new KeyCache();
    const counted = source();
    await cache.read('v1', 'ES256', counted.load);
    await cache.read('v2', 'ES256', source(NRP_KEY, 'v2').load);
    const misfit = await cache.read('v1', 'RS256', counted.load);
    assert.equal(counted.asked, 2);
    assert.ok(misfit?.content?.ok === false && misfit.content.problem.reason === 'KeyMismatch');
  });

  it('gives the version and the annotations of the object that was read, for both versions', async () => {
    const cache = new KeyCache();
    const newer = source(NRP_KEY, 'v2');
    for (const asked of ['v1', 'v2', 'v1']) {
      const held = await cache.read(asked, 'ES256', newer.load);
      assert.deepEqual([held?.version, held?.annotations], ['v2', { from: 'v2' }]);
    }
    assert.equal(newer.asked, 1);
  });

  it('stores no failure, neither of the key nor of the API server, nor a missing object', async () => {
    const cache = new KeyCache();
    const broken = source('no key');
    for (let each = 0; each < 2; each += 1)
      assert.equal((await cache.read('v1', 'ES256', broken.load))?.content?.ok, false);
    assert.equal(broken.asked, 2);
    const failing = async (): Promise<never> => {
      throw new Error('unreachable');
    };
    await assert.rejects(cache.read('v1', 'ES256', failing), /unreachable/);
    assert.equal(await cache.read('v1', 'ES256', () => Promise.resolve(undefined)), undefined);
    assert.equal((await cache.read('v1', 'ES256', source().load))?.content?.ok, true);
  });

  it('parses only for those who may use it, and reads once for both', async () => {
    const cache = new KeyCache();
    const [counted, broken] = [source(), source('no key')];
    const [refused, used] = await Promise.all(
      [false, true].map((mayUse) => cache.read('v1', 'ES256', counted.load, () => mayUse)),
    );
    assert.equal(counted.asked, 1);
    assert.deepEqual(
      [refused?.version, refused?.annotations, refused?.content],
      ['v1', { from: 'v1' }, undefined],
    );
    assert.equal(used?.content?.ok, true);
    const ofBroken = await cache.read('v3', 'ES256', broken.load, () => false);
    assert.equal(ofBroken?.content, undefined, 'also for a text that is not a key');
    const seen: unknown[] = [];
    await cache.read('v1', 'ES256', counted.load, (holder) => seen.push(holder.annotations) > 1);
    assert.deepEqual(seen, [{ from: 'v1' }], 'a key that is kept is judged by its annotations, too');
  });

  it('drops the key that was unused for longest', async () => {
    const cache = new KeyCache(2);
    let asked = 0;
    const read = (version: string) =>
      cache.read(version, 'ES256', () => {
        asked += 1;
        return source(NRP_KEY, version).load();
      });
    for (const version of ['a', 'b', 'a', 'c', 'a']) await read(version);
    assert.equal(asked, 3, 'a stayed');
    await read('b');
    assert.equal(asked, 4, 'b went');
  });
});
