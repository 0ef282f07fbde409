import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { objectMember, stringMember } from '../../../src/resources/json.ts';
import { refuse } from '../bad-server.ts';
import type { Fault } from '../fake-api.ts';
import { watchFake } from '../watched-cache.ts';

const FAULTS: readonly Fault[] = [
  (response) => refuse(response, 410, 'Expired'),
  (response) => refuse(response, 500, 'InternalError'),
  (response) => void response.socket?.resetAndDestroy(),
  (response) => response.writeHead(200).end('{"half":'),
];

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('put' as const), key: fc.integer({ min: 0, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.integer({ min: 0, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('end', 'reset', 'compact', 'bookmark', 'garbage') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      of: fc.constantFrom('list' as const, 'watch' as const),
      which: fc.nat(FAULTS.length - 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15 }) }),
  },
);

test('for any faults of the watch, the cache is finally equal to the API server, and each change is reported in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using all = await watchFake({
        transform: (object) => stringMember(objectMember(object, 'metadata'), 'resourceVersion'),
        silence: 200,
      });
      const { api, cache } = all;
      // The state of a listener that only gets changes.
      const seen = new Map<string, string>();
      cache.subscribe((change) => {
        if (change.type !== 'added') assert.equal(seen.get(change.key), change.old);
        else assert.equal(seen.has(change.key), false);
        if (change.type === 'deleted') seen.delete(change.key);
        else seen.set(change.key, change.value);
      });
      await all.watch.synced;
      for (const key of cache.keys()) seen.set(key, cache.get(key) ?? '');
      for (const each of steps) {
        if (each.do === 'put') api.put(`ns/${each.key}`);
        if (each.do === 'remove') api.remove(`ns/${each.key}`);
        if (each.do === 'end' || each.do === 'reset') api.drop(each.do);
        if (each.do === 'compact') api.compact();
        if (each.do === 'bookmark') api.bookmark();
        if (each.do === 'garbage') api.write('{"type":\n');
        if (each.do === 'fault') api.faults[each.of].push(FAULTS[each.which] ?? assert.fail());
        if (each.do === 'wait') await new Promise((resolve) => setTimeout(resolve, each.ms));
      }
      const plain = (map: Iterable<[string, unknown]>): string =>
        JSON.stringify([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));
      const isEqual = (): boolean =>
        plain(api.contents()) === plain([...cache.keys()].map((key) => [key, cache.get(key)]));
      await all.until(isEqual, 'the cache to be as the API server is');
      assert.equal(plain(seen), plain(api.contents()));
    }),
    { numRuns: 100 },
  );
});
