import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cache, type Change } from '../../../src/kube/watch/cache.ts';

interface Kept {
  readonly owner: string;
}

function watchedCache() {
  const cache = new Cache<Kept>();
  const changes: Change<Kept>[] = [];
  const end = cache.subscribe((change) => changes.push(change));
  return { cache, changes, end };
}

test('changes give the old value and the new one', () => {
  const { cache, changes, end } = watchedCache();
  cache.set('a/x', '1', { owner: 'o' });
  cache.set('a/x', '2', { owner: 'p' });
  cache.set('a/x', '2', { owner: 'q' }); // no news, as the version is the same
  cache.delete('a/x', '3');
  cache.delete('a/x', '4');
  assert.deepEqual(changes, [
    { type: 'added', key: 'a/x', value: { owner: 'o' }, origin: 'watch' },
    { type: 'changed', key: 'a/x', old: { owner: 'o' }, value: { owner: 'p' }, origin: 'watch' },
    { type: 'deleted', key: 'a/x', old: { owner: 'p' }, origin: 'watch' },
  ]);
  end();
  cache.set('a/x', '5', { owner: 'o' });
  assert.equal(changes.length, 3);
});

test('a written object is kept until the watch reports a newer one', () => {
  const { cache, changes } = watchedCache();
  cache.remember('a/x', '10', { owner: 'written' });
  assert.equal(cache.get('a/x')?.owner, 'written');
  cache.set('a/x', '12', { owner: 'seen' });
  cache.remember('a/x', '11', { owner: 'late' });
  assert.equal(cache.get('a/x')?.owner, 'seen');
  cache.delete('a/x', '14');
  cache.remember('a/x', '13', { owner: 'too late' });
  assert.equal(cache.get('a/x'), undefined);
  cache.remember('a/x', '15', { owner: 'again' });
  assert.equal(cache.get('a/x')?.owner, 'again');
  assert.deepEqual(
    changes.map(({ type, origin }) => `${type} ${origin}`),
    ['added write', 'changed watch', 'deleted watch', 'added write'],
  );
});

test('its values are those at the time of the call, for any change during the iteration', () => {
  const { cache } = watchedCache();
  for (const name of ['x', 'y', 'z']) cache.set(`a/${name}`, '1', { owner: name });
  const owners: string[] = [];
  for (const { owner } of cache.values()) {
    owners.push(owner);
    cache.delete('a/y', '2');
    cache.set('a/x', '3', { owner: 'new' });
    cache.set(`a/${owners.length}`, '4', { owner: 'more' });
  }
  assert.deepEqual(owners, ['x', 'y', 'z']);
});
