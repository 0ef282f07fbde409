import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffDelay } from '../../src/time/backoff.ts';
import { KeyedHeap } from '../../src/queue/keyed-heap.ts';

test('a heap gives its items in order after any changes', () => {
  const command = fc.tuple(fc.constantFrom('set', 'delete'), fc.integer({ min: 0, max: 20 }), fc.integer());
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const heap = new KeyedHeap<number>((a, b) => a < b);
      const model = new Map<string, number>();
      for (const [verb, name, value] of commands) {
        if (verb === 'set') {
          heap.set(`${name}`, value);
          model.set(`${name}`, value);
        } else {
          assert.equal(heap.delete(`${name}`), model.delete(`${name}`));
        }
        assert.equal(heap.size, model.size);
      }
      const popped: number[] = [];
      for (let first = heap.pop(); first !== undefined; first = heap.pop()) {
        assert.equal(model.get(first.key), first.item);
        popped.push(first.item);
      }
      assert.deepEqual(
        popped,
        [...model.values()].toSorted((a, b) => a - b),
      );
    }),
  );
});

test('the first that passes is the first of those that do', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(999), { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      (items, n) => {
        const heap = new KeyedHeap<number>((a, b) => a < b);
        for (const item of items) heap.set(`${item}`, item);
        const passes = (key: string): boolean => Number(key) % n === 0;
        const [first] = items.filter((item) => passes(`${item}`)).toSorted((a, b) => a - b);
        assert.equal(heap.firstKeyThat(passes), first?.toString());
      },
    ),
  );
});

test('a back-off never leaves its bounds and never shrinks except for jitter', () => {
  const backoff = { first: 1_000, longest: 300_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, random) => {
        const delay = backoffDelay(backoff, failures, () => random);
        assert.ok(delay >= backoff.first && delay <= backoff.longest);
        assert.ok(delay * 1.25 >= backoffDelay(backoff, Math.max(1, failures - 1), () => 0));
      },
    ),
  );
});
