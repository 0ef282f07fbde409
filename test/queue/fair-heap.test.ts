import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FairHeap } from '../../src/queue/fair-heap.ts';
import { startQueue } from './noted-queue.ts';

interface Item {
  readonly rank: number;
  readonly time: number;
}

const TURNS_APART = 32;
const isSooner = (a: Item, b: Item): boolean => a.rank < b.rank || (a.rank === b.rank && a.time < b.time);
const popAll = (heap: FairHeap<Item>): readonly string[] => {
  const keys: string[] = [];
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) keys.push(next.key);
  return keys;
};

describe('a heap that namespaces share', () => {
  it('gives the items of one namespace in their order, and knows its content', () => {
    const step = fc.record({ name: fc.nat(20), rank: fc.nat(2), time: fc.nat(99), isGone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const heap = new FairHeap<Item>(isSooner, TURNS_APART);
        const model = new Map<string, Item>();
        for (const { name, rank, time, isGone } of steps) {
          const key = `ns/${name}`;
          if (isGone) heap.delete(key);
          else heap.set(key, { rank, time });
          if (isGone) model.delete(key);
          else model.set(key, { rank, time });
          assert.equal(heap.size, model.size);
          assert.deepEqual(heap.get(key), model.get(key));
        }
        const popped = popAll(heap).map((key) => model.get(key));
        assert.equal(popped.length, model.size);
        for (const [index, item] of popped.entries()) {
          const next = popped[index + 1];
          assert.ok(item !== undefined && (next === undefined || !isSooner(next, item)));
        }
      }),
    );
  });

  it('gives the most urgent of all as long as no namespace had many turns', () => {
    const heap = new FairHeap<Item>(isSooner, TURNS_APART);
    for (let each = 0; each < 10; each += 1) heap.set(`ns-${each % 3}/${each}`, { rank: 0, time: 9 - each });
    assert.deepEqual(
      popAll(heap).map((key) => key.split('/')[1]),
      ['9', '8', '7', '6', '5', '4', '3', '2', '1', '0'],
    );
  });

  it('prefers a namespace that had few turns to one whose items are always more urgent', () => {
    for (const [turnsApart, last] of [
      [1, 19],
      [TURNS_APART, 41],
      [1_000, 1_009],
    ] as const) {
      const heap = new FairHeap<Item>(isSooner, turnsApart);
      for (let each = 0; each < 2_000; each += 1) heap.set(`many/${each}`, { rank: 0, time: 0 });
      for (let each = 0; each < 10; each += 1) heap.set(`few/${each}`, { rank: 0, time: 1 });
      heap.set('other/new', { rank: 1, time: 0 });
      const keys = popAll(heap);
      assert.equal(
        keys.findLastIndex((key) => key.startsWith('few/')),
        last,
      );
      assert.equal(keys.at(-1), 'other/new', 'rank counts more than turns');
    }
  });

  it('forgets turns that were long ago', () => {
    const heap = new FairHeap<Item>(isSooner, TURNS_APART);
    const take = (namespace: string, count: number): void => {
      for (let each = 0; each < count; each += 1) {
        heap.set(`${namespace}/a`, { rank: 0, time: 0 });
        heap.pop();
      }
    };
    take('many', 1_000);
    take('others', 6_000);
    heap.set('many/a', { rank: 0, time: 0 });
    heap.set('few/a', { rank: 0, time: 1 });
    assert.deepEqual(popAll(heap), ['many/a', 'few/a']);
  });

  it('forgets no turns when it is asked to, as long as all are few', () => {
    const heap = new FairHeap<Item>(isSooner, TURNS_APART);
    for (let each = 0; each < TURNS_APART; each += 1) {
      heap.set('many/a', { rank: 0, time: 0 });
      heap.pop();
      heap.forgetHalf();
    }
    heap.set('many/a', { rank: 0, time: 0 });
    heap.set('few/a', { rank: 0, time: 1 });
    assert.deepEqual(popAll(heap), ['few/a', 'many/a']);
  });
});

describe('a namespace with more renewals than can be made', () => {
  it('delays no renewals of others', async () => {
    const dueAt = new Map<string, number>();
    const late = new Map([
      ['many', 0],
      ['few', 0],
    ]);
    const { queue, clock } = startQueue(
      async (key) => {
        const [namespace = ''] = key.split('/');
        const due = dueAt.get(key) ?? clock.now();
        late.set(namespace, Math.max(late.get(namespace) ?? 0, clock.now() - due));
        await clock.sleep(3_000); // all answers of the API server are late
        const expiresAt = clock.now() + 60_000;
        dueAt.set(key, clock.now() + 30_000);
        return { next: 'wait', dueAt: clock.now() + 30_000, expiresAt };
      },
      { random: Math.random },
    );
    for (let each = 0; each < 10; each += 1) queue.add(`few/${each}`, { priority: 'new' });
    for (let each = 0; each < 600; each += 1) queue.add(`many/${each}`, { priority: 'new' });
    await clock.advance(20 * 60_000);
    assert.ok((late.get('many') ?? 0) > 60_000, `too late: ${late.get('many')} ms late`);
    assert.ok((late.get('few') ?? 0) < 20_000, `${late.get('few')} ms late`);
  });
});
