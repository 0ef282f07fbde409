import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FairHeap } from '../../src/queue/fair-heap.ts';

interface Item {
  readonly rank: number;
  readonly time: number;
}

const isSooner = (a: Item, b: Item): boolean => a.rank < b.rank || (a.rank === b.rank && a.time < b.time);
const namespaceOf = (key: string): string => key.split('/')[0] ?? '';

/** Takes out the first, and charges its namespace. */
const take = (heap: FairHeap<Item>): string | undefined => {
  const key = heap.firstKey();
  if (key === undefined) return undefined;
  heap.delete(key);
  heap.charge(namespaceOf(key));
  return key;
};
const takeAll = (heap: FairHeap<Item>): readonly string[] => {
  const keys: string[] = [];
  for (let key = take(heap); key !== undefined; key = take(heap)) keys.push(key);
  return keys;
};

describe('a heap that namespaces share', () => {
  it('gives the items of one namespace in their order, and loses none', () => {
    const step = fc.record({ name: fc.nat(20), rank: fc.nat(2), time: fc.nat(99), isGone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const heap = new FairHeap<Item>(isSooner);
        const model = new Map<string, Item>();
        for (const { name, rank, time, isGone } of steps) {
          const key = `ns/${name}`;
          if (isGone) heap.delete(key);
          else heap.set(key, { rank, time });
          if (isGone) model.delete(key);
          else model.set(key, { rank, time });
          assert.equal(heap.size, model.size);
        }
        const taken = takeAll(heap).map((key) => model.get(key));
        assert.equal(taken.length, model.size);
        for (const [index, item] of taken.entries()) {
          const next = taken[index + 1];
          assert.ok(item !== undefined && (next === undefined || !isSooner(next, item)));
        }
      }),
    );
  });

  it('gives the most urgent of the namespace that had the fewest turns', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (let each = 0; each < 5; each += 1) heap.set(`many/${each}`, { rank: 0, time: each });
    for (let each = 0; each < 2; each += 1) heap.set(`few/${each}`, { rank: 0, time: 10 + each });
    assert.deepEqual(takeAll(heap), ['many/0', 'few/0', 'many/1', 'few/1', 'many/2', 'many/3', 'many/4']);
  });

  it('passes over namespaces, and knows the most urgent whatever turns each had', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (const [time, key] of ['b/1', 'a/1', 'b/2', 'c/1'].entries()) heap.set(key, { rank: 0, time });
    heap.charge('b');
    const isNot = (name: string) => (namespace: string) => namespace !== name;
    assert.deepEqual([heap.mostUrgentKey(), heap.mostUrgentKey(isNot('b'))], ['b/1', 'a/1']);
    assert.deepEqual([heap.firstKey(), heap.firstKey(isNot('a'))], ['a/1', 'c/1']);
    assert.equal(
      heap.firstKey(() => false),
      undefined,
    );
  });

  it('gives all at once of a namespace that had no turns for some time', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (let each = 0; each < 10; each += 1) heap.charge('many');
    for (let each = 0; each < 10; each += 1) heap.set(`many/${each}`, { rank: 0, time: 0 });
    for (let each = 0; each < 10; each += 1) heap.set(`few/${each}`, { rank: 0, time: 1 });
    assert.ok(
      takeAll(heap)
        .slice(0, 10)
        .every((key) => namespaceOf(key) === 'few'),
    );
  });

  it('gives the items of the lowest rank first', () => {
    const heap = new FairHeap<Item>(isSooner);
    heap.set('other/new', { rank: 1, time: 0 });
    for (let each = 0; each < 3; each += 1) heap.set(`ns/${each}`, { rank: 0, time: each });
    assert.deepEqual(takeAll(heap), ['ns/0', 'ns/1', 'ns/2', 'other/new']);
  });

  it('forgets turns that were long ago', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (let each = 0; each < 1_000; each += 1) heap.charge('many');
    for (let each = 0; each < 6_000; each += 1) heap.charge('others');
    heap.set('many/a', { rank: 0, time: 0 });
    heap.set('few/a', { rank: 0, time: 1 });
    assert.deepEqual(takeAll(heap), ['many/a', 'few/a']);
  });

  it('forgets no more than half of the turns at once', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (let each = 0; each < 28; each += 1) heap.charge('others');
    for (let each = 0; each < 100; each += 1) heap.charge('many');
    heap.set('many/a', { rank: 0, time: 0 });
    heap.set('few/a', { rank: 0, time: 1 });
    assert.deepEqual(takeAll(heap), ['few/a', 'many/a']);
  });

  it('remembers turns here, however many there are elsewhere', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (const name of ['many', 'few', 'elsewhere']) heap.set(`${name}/a`, { rank: 0, time: 0 });
    for (let each = 0; each < 40; each += 1) {
      heap.charge('many');
      for (let times = 0; times < 200; times += 1) {
        heap.chargeElsewhere('elsewhere');
        heap.chargeElsewhere(`other-${times}`);
      }
    }
    assert.deepEqual(
      ['many/a', 'few/a', 'elsewhere/a'].map((key) => heap.turnsOf(key)),
      [40, 0, 16],
    );
  });

  it('forgets those who have no items and had a turn elsewhere long ago', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (let each = 0; each < 16; each += 1) heap.chargeElsewhere('gone');
    for (let each = 0; each < 5 * 128; each += 1) heap.chargeElsewhere(`other-${each}`);
    assert.equal(heap.turnsOf('gone/a'), 0);
    assert.equal(heap.turnsOf('other-0/a'), 0);
  });

  it('remembers two turns for each namespace that has items', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (let each = 0; each < 99; each += 1) heap.set(`ns-${each}/a`, { rank: 0, time: each });
    heap.set('many/a', { rank: 0, time: 0 });
    for (let each = 0; each < 199; each += 1) heap.charge('many');
    assert.equal(heap.turnsOf('many/a'), 199);
    heap.charge('many');
    assert.equal(heap.turnsOf('many/a'), 100);
  });

  it('leaves nobody in debt who had all turns while nobody else wanted any', () => {
    const heap = new FairHeap<Item>(isSooner);
    for (let each = 0; each < 1_000; each += 1) heap.charge(`idle-${each}`);
    for (let each = 0; each < 10_000; each += 1) heap.charge('busy');
    for (let each = 0; each < 200; each += 1) {
      heap.set(`busy/${each}`, { rank: 0, time: 1 });
      heap.set(`newcomer/${each}`, { rank: 0, time: 0 });
    }
    const first = Array.from({ length: 150 }, () => namespaceOf(take(heap) ?? ''));
    assert.ok(first.includes('busy'), 'it waits for a newcomer');
  });
});
