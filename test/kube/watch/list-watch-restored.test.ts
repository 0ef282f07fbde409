import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSync } from '../watched-cache.ts';

test('after etcd was restored the cache is equal to the backup', async () => {
  await using all = await inSync();
  all.api.put('b/lost');
  await all.holds('a/one', 'a/two', 'b/lost');
  all.api.drop('reset');
  all.api.restore(['a/one', 'c/regained']);
  await all.holds('a/one', 'c/regained');
  all.api.put('c/later');
  await all.holds('a/one', 'c/regained', 'c/later');
});

test('after etcd was restored what this process writes is remembered, also what was deleted at a higher version', async () => {
  await using all = await inSync();
  all.api.put('b/again');
  all.api.remove('b/again');
  all.api.put('a/three');
  await all.holds('a/one', 'a/two', 'a/three');
  all.api.drop('reset');
  all.api.restore(['a/one']);
  await all.holds('a/one');
  all.cache.remember('b/again', '200', 'ours');
  assert.equal(all.cache.get('b/again'), 'ours');
  all.cache.remember('a/two', '99', 'too old'); // the list, at 101, did not have it
  assert.equal(all.cache.get('a/two'), undefined);
});
