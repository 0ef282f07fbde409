import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { Cache } from '../../../src/kube/watch/cache.ts';
import type { JsonObject } from '../../../src/resources/json.ts';
import { applyEvent, Replacement, type Kept } from '../../../src/kube/watch/watch-store.ts';

const one = (key: string, resourceVersion: string, value: string | undefined = `${key}@${resourceVersion}`) =>
  ({ key, resourceVersion, value }) satisfies Kept<string>;

function makeCache(...kept: readonly Kept<string>[]) {
  const cache = new Cache<string>();
  for (const { key, resourceVersion, value } of kept) cache.set(key, resourceVersion, value ?? '');
  const changes: string[] = [];
  cache.subscribe(({ type, key }) => changes.push(`${type} ${key}`));
  const holds = (): string[] => [...cache.values()].toSorted();
  return { cache, changes, holds };
}

describe('a list that replaces the content of a store', () => {
  it('is stored object by object, and missing objects are deleted at the end', () => {
    const { cache, changes } = makeCache(one('ns/a', '3'), one('ns/gone', '4'), one('other/x', '5'));
    const list = new Replacement(cache, 'ns/');
    const items = [one('ns/a', '6'), one('ns/b', '7')].map((kept) => {
      const key = list.add(kept);
      assert.equal(cache.get(kept.key), kept.value);
      return key;
    });
    assert.deepEqual(changes, ['changed ns/a', 'added ns/b']);
    list.end({ items, resourceVersion: '9' }, false);
    assert.deepEqual(changes, ['changed ns/a', 'added ns/b', 'deleted ns/gone']);
    assert.equal(cache.get('other/x'), 'other/x@5');
  });

  it('leaves out objects that are not wanted', () => {
    const { cache, holds } = makeCache(one('ns/a', '3'));
    const list = new Replacement(cache, '');
    const items = [list.add(undefined), list.add({ key: 'ns/a', resourceVersion: '4', value: undefined })];
    assert.deepEqual(items, [undefined, undefined]);
    list.end({ items, resourceVersion: '9' }, false);
    assert.deepEqual(holds(), []);
  });

  it('does not change objects that were written after it was made', () => {
    const { cache, changes, holds } = makeCache(one('ns/a', '12'), one('ns/new', '13'));
    const list = new Replacement(cache, '');
    const items = [list.add(one('ns/a', '5'))];
    list.end({ items, resourceVersion: '9' }, false);
    assert.deepEqual(changes, []);
    assert.deepEqual(holds(), ['ns/a@12', 'ns/new@13']);
  });

  it('is used completely if etcd was restored from a backup, detected early or late', () => {
    for (const [resourceVersion, isRestored] of [
      ['9', true],
      ['40', false], // it has continued since
    ] as const) {
      const { cache, holds } = makeCache(one('ns/a', '12'), one('ns/gone', '13'));
      const list = new Replacement(cache, '');
      const items = [list.add(one('ns/a', '5'))];
      list.end({ items, resourceVersion }, isRestored);
      assert.deepEqual(holds(), ['ns/a@5']);
    }
  });

  it('is used in its last form if it begins again', () => {
    const { cache, holds } = makeCache(one('ns/a', '8'));
    const list = new Replacement(cache, '');
    for (const kept of [one('ns/a', '5'), one('ns/b', '6'), one('ns/gone', '7')]) list.add(kept);
    const items = [one('ns/a', '9'), one('ns/b', '6')].map((kept) => list.add(kept));
    list.end({ items, resourceVersion: '9' }, false);
    assert.deepEqual(holds(), ['ns/a@9', 'ns/b@6']);
  });
});

const wireOf = (name: string, resourceVersion: string): JsonObject => ({
  metadata: { namespace: 'ns', name, resourceVersion },
});

describe('an object in the very state that the store has', () => {
  const unread = (): never => assert.fail('it is read');

  it('is not read in an event, and the watch goes on from there', () => {
    const { cache, changes } = makeCache(one('ns/a', '3'));
    const event = { type: 'MODIFIED', object: wireOf('a', '3') } as const;
    assert.equal(applyEvent(cache, event, unread, 'secrets'), '3');
    assert.deepEqual(changes, []);
  });

  it('is recognized in a list, and stays', () => {
    const { cache, changes, holds } = makeCache(one('ns/a', '3'), one('ns/b', '5'));
    const list = new Replacement(cache, '');
    assert.equal(list.recognize(wireOf('a', '2')), undefined);
    assert.equal(list.recognize(wireOf('new', '4')), undefined);
    assert.equal(list.recognize({ kind: 'Secret' }), undefined);
    const items = [list.recognize(wireOf('a', '3')), list.recognize(wireOf('b', '5'))];
    list.end({ items, resourceVersion: '9' }, false);
    assert.deepEqual([holds(), changes], [['ns/a@3', 'ns/b@5'], []]);
  });

  it('counts in its last form if the list begins again', () => {
    const { cache, holds } = makeCache(one('ns/a', '8'));
    const list = new Replacement(cache, '');
    list.add(one('ns/a', '5'));
    const items = [list.recognize(wireOf('a', '8'))];
    list.end({ items, resourceVersion: '7' }, true);
    assert.deepEqual(holds(), ['ns/a@8']);
  });
});

test('a deleted object is not read, so one that cannot be read goes as well', () => {
  const { cache, changes } = makeCache(one('ns/a', '3'));
  const event = { type: 'DELETED', object: wireOf('a', '4') } as const;
  assert.equal(
    applyEvent(cache, event, () => undefined, 'secrets'),
    '4',
  );
  assert.deepEqual(changes, ['deleted ns/a']);
});
