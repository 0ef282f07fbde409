import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cache, type Change } from '../../src/kube/cache.ts';

interface Kept {
  readonly owner: string;
}

function ownedCache() {
  const cache = new Cache<Kept, 'owner'>({ owner: ({ owner }) => (owner === '' ? [] : [owner]) });
  const changes: Change<Kept>[] = [];
  const end = cache.subscribe((change) => changes.push(change));
  return { cache, changes, end };
}

test('changes give the old value and the new one', () => {
  const { cache, changes, end } = ownedCache();
  cache.set('a/x', '1', { owner: 'o' }, 'list');
  cache.set('a/x', '2', { owner: 'p' }, 'watch');
  cache.set('a/x', '2', { owner: 'q' }, 'watch'); // the same version says nothing new
  cache.delete('a/x', '3', 'watch');
  cache.delete('a/x', '4', 'watch');
  assert.deepEqual(changes, [
    { type: 'added', key: 'a/x', value: { owner: 'o' }, origin: 'list' },
    { type: 'changed', key: 'a/x', old: { owner: 'o' }, value: { owner: 'p' }, origin: 'watch' },
    { type: 'deleted', key: 'a/x', old: { owner: 'p' }, origin: 'watch' },
  ]);
  end();
  cache.set('a/x', '5', { owner: 'o' }, 'watch');
  assert.equal(changes.length, 3);
});

test('what was written is remembered until the watch tells of something newer', () => {
  const { cache, changes } = ownedCache();
  cache.remember('a/x', '10', { owner: 'written' });
  assert.equal(cache.get('a/x')?.owner, 'written');
  cache.set('a/x', '12', { owner: 'seen' }, 'watch');
  cache.remember('a/x', '11', { owner: 'late' });
  assert.equal(cache.get('a/x')?.owner, 'seen');
  cache.delete('a/x', '14', 'watch');
  cache.remember('a/x', '13', { owner: 'too late' });
  assert.equal(cache.get('a/x'), undefined);
  cache.remember('a/x', '15', { owner: 'again' });
  assert.equal(cache.get('a/x')?.owner, 'again');
  assert.equal(changes.length, 4);
});

test('an index always equals a search through everything', () => {
  const command = fc.tuple(
    fc.constantFrom('set', 'delete'),
    fc.constantFrom('a/1', 'a/2', 'b/1', 'b/2'),
    fc.constantFrom('', 'o', 'p'),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const { cache } = ownedCache();
      for (const [version, [verb, key, owner]] of commands.entries()) {
        if (verb === 'set') cache.set(key, `${version + 1}`, { owner }, 'watch');
        else cache.delete(key, `${version + 1}`, 'watch');
        for (const place of ['o', 'p', '']) {
          const expected = [...cache.keys()].filter(
            (each) => place !== '' && cache.get(each)?.owner === place,
          );
          assert.deepEqual(cache.find('owner', place).toSorted(), expected.toSorted());
        }
      }
      assert.equal(cache.size, [...cache.values()].length);
    }),
  );
});
