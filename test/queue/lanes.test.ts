import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Lanes } from '../../src/queue/lanes.ts';
import type { RoundResult } from '../../src/queue/work.ts';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';
import { PATIENT } from './patient.ts';

const MINUTE_MS = 60_000;
const isBad = (key: string): boolean => key.startsWith('bad');

describe('a thousand JWTs that fail after ten seconds each', () => {
  /**
   * Healthy JWTs are due every half minute, `bad` ones fail or are slow. Gives the lateness of each healthy
   * round.
   */
  async function simulate(
    badEnds: RoundResult,
    order: 'bad first' | 'good first',
    minutes: number,
  ): Promise<readonly number[]> {
    const late: number[] = [];
    const dueAt = new Map<string, number>();
    const { queue, clock } = startQueue(
      async (key) => {
        if (isBad(key)) {
          await clock.sleep(10_000);
          return badEnds;
        }
        const due = dueAt.get(key);
        if (due !== undefined) late.push(clock.now() - due);
        await clock.sleep(20);
        const next = clock.now() + MINUTE_MS / 2;
        dueAt.set(key, next);
        return { next: 'wait', dueAt: next };
      },
      { random: randomNumbers(1) },
    );
    const bad = Array.from({ length: 1_000 }, (_, index) => `bad-${index}`);
    const good = Array.from({ length: 100 }, (_, index) => `good-${index}`);
    for (const key of order === 'bad first' ? [...bad, ...good] : [...good, ...bad])
      queue.add(key, { priority: 'new' });
    await clock.advance(minutes * MINUTE_MS);
    return late;
  }

  for (const [title, ends] of [
    ['fail', { next: 'retry' }],
    ['succeed', { next: 'wait', dueAt: 0 }],
  ] as const) {
    it(`delay no renewal of others, if they ${title}`, async () => {
      const late = await simulate(ends, 'good first', 10);
      assert.ok(late.length >= 100 * 18, `${late.length} renewals`);
      assert.ok(Math.max(...late) < 1_000, `at most ${Math.max(...late)} ms late`);
    });
  }

  it('delay no others even if they were first, after the others had their first turn', async () => {
    const late = await simulate({ next: 'retry' }, 'bad first', 20);
    assert.ok(late.length >= 100 * 10, `${late.length} renewals`);
    assert.ok(Math.max(...late) < 1_000, `at most ${Math.max(...late)} ms late`);
  });
});

describe('JWTs whose writes are so large that they slow each other down', () => {
  /**
   * Each round takes 170 ms for each concurrent one. Gives the number of concurrent rounds, minute by minute.
   */
  async function simulate(minutes: number): Promise<{ readonly most: number[]; readonly late: number[] }> {
    let under = 0;
    const most: number[] = [];
    const late: number[] = [];
    const dueAt = new Map<string, number>();
    const { queue, clock } = startQueue(
      async (key) => {
        const due = dueAt.get(key) ?? clock.now();
        const minute = Math.floor(clock.now() / MINUTE_MS);
        if (isBad(key)) {
          under += 1;
          most[minute] = Math.max(most[minute] ?? 0, under);
          await clock.sleep(170 * under);
          under -= 1;
        } else {
          late[minute] = Math.max(late[minute] ?? 0, clock.now() - due);
          await clock.sleep(20 + 10 * under);
        }
        // All at the same time: they were created by one apply.
        const next = (Math.floor(clock.now() / MINUTE_MS) + 1) * MINUTE_MS;
        dueAt.set(key, next);
        return { next: 'wait', dueAt: next };
      },
      { random: randomNumbers(1) },
    );
    for (let each = 0; each < 100; each += 1) queue.add(`bad-${each}`, { priority: 'new' });
    for (let each = 0; each < 50; each += 1) queue.add(`good-${each}`, { priority: 'new' });
    await clock.advance(minutes * MINUTE_MS);
    return { most, late };
  }

  it('are processed with fewer workers after they were slow, and this does not change', async () => {
    const { most, late } = await simulate(10);
    assert.ok((most[0] ?? 0) > 8, `nobody knew at first: ${String(most)}`);
    // A quarter of the workers, and now and then one that was quick.
    assert.ok(Math.max(...most.slice(3)) <= 9, `too many at once: ${String(most)}`);
    assert.ok(Math.max(...late.slice(2)) < 1_000, `others wait ${String(late)}`);
  });
});

describe('the lanes of waiting keys', () => {
  const ready = (rank: number, sequence = 0) => ({
    rank,
    expiresAt: Number.POSITIVE_INFINITY,
    sequence,
    ...PATIENT,
  });
  const begun = (lanes: Lanes, now: number): readonly string[] => {
    const keys: string[] = [];
    for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) keys.push(next.key);
    return keys;
  };

  it('give half of the workers to keys that are new or failed', () => {
    const lanes = new Lanes(4);
    for (let key = 0; key < 9; key += 1) lanes.set(`new-${key}`, ready(1, key));
    assert.deepEqual(begun(lanes, 0), ['new-0', 'new-1']);
    for (let key = 0; key < 9; key += 1) lanes.set(`known-${key}`, ready(2, key));
    assert.deepEqual(begun(lanes, 0), ['known-0', 'known-1']);
    for (const key of ['new-0', 'new-1']) {
      lanes.end(key, 10, true);
      lanes.set(key, ready(1));
    }
    assert.deepEqual(begun(lanes, 10), ['new-0', 'new-2'], 'of what failed, an eighth goes before them');
  });

  it('do not let a due renewal wait behind new ones, although the last one was slow or failed', () => {
    for (const [title, hasFailed, most] of [
      ['slow', false, 12],
      ['failed', true, 4],
    ] as const) {
      const lanes = new Lanes(32);
      for (let key = 0; key < 16; key += 1) lanes.set(`due-${key}`, ready(1, key));
      begun(lanes, 0);
      for (let key = 0; key < 16; key += 1) lanes.end(`due-${key}`, 2_000, hasFailed);
      for (let key = 0; key < 99; key += 1) lanes.set(`new-${key}`, ready(1, key));
      for (let key = 0; key < 16; key += 1) lanes.set(`due-${key}`, ready(0, 100 + key));
      const first = begun(lanes, 2_000);
      assert.equal(first.length, 16, title);
      assert.equal(first.filter((key) => key.startsWith('due-')).length, most, title);
      assert.equal(first[0], 'due-0', title);
    }
  });

  it('let fewer failed keys begin after each new failure, and more after each success', () => {
    const lanes = new Lanes(32);
    const bad = new Set(Array.from({ length: 60 }, (_, index) => `k-${index}`));
    const run = (isFailing: boolean): number => {
      for (const key of bad) lanes.set(key, ready(1));
      const keys = begun(lanes, 0);
      for (const key of keys) lanes.end(key, 10, isFailing);
      for (const key of bad) lanes.delete(key);
      if (!isFailing) for (const key of keys) bad.delete(key);
      return keys.length;
    };
    for (const key of bad) {
      lanes.set(key, ready(1));
      lanes.begin(0);
      lanes.end(key, 10, true);
    }
    assert.equal(run(true), 16, 'it may have been a short outage: none has failed twice');
    assert.deepEqual([run(true), run(true)], [4, 4]);
    assert.deepEqual([run(false), run(false), run(false), run(false)], [4, 8, 16, 16]);
  });

  it('with one worker give it to each in turn', () => {
    const lanes = new Lanes(1);
    lanes.set('new', ready(1));
    lanes.set('known', ready(2));
    assert.deepEqual(begun(lanes, 0), ['new']);
    lanes.end('new', 1, true);
    assert.deepEqual(begun(lanes, 1), ['known']);
  });

  it('start extra rounds in place of slow ones, within a bound', () => {
    const lanes = new Lanes(4);
    for (let key = 0; key < 99; key += 1) lanes.set(`k-${key}`, ready(2, key));
    assert.equal(begun(lanes, 0).length, 4);
    assert.equal(lanes.nextRoomAt(0), 1_000);
    assert.equal(begun(lanes, 1_000).length, 2, 'all four are slow by now, and hold two');
    let all = 6;
    for (let now = 2_000; now < 60_000; now += 1_000) all += begun(lanes, now).length;
    assert.equal(all, 14, 'of 16, half of the workers is left to keys that failed or are new');
  });

  it('move a failed key to the front of the failed ones after a change', () => {
    const lanes = new Lanes(2);
    for (const key of ['a', 'b']) {
      lanes.set(key, ready(1));
      lanes.begin(0);
      lanes.end(key, 1, true);
    }
    lanes.set('a', ready(1));
    lanes.giveAnotherChance('b');
    lanes.set('b', ready(2));
    assert.deepEqual(begun(lanes, 2), ['b']);
  });

  it('always have a worker for a key that never failed, and give every key its turn', () => {
    const step = fc.record({ key: fc.nat(30), rank: fc.nat(3), fails: fc.boolean(), takes: fc.nat(3_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (steps, workers) => {
        const lanes = new Lanes(workers);
        const running = new Map<string, number>();
        let now = 0;
        for (const { key, rank, fails, takes } of steps) {
          const name = `k-${key}`;
          if (!running.has(name)) lanes.set(name, ready(rank, now));
          for (const each of begun(lanes, now)) running.set(each, now);
          assert.ok(running.size <= workers * 4);
          const notSlow = [...running.values()].filter((since) => now - since < 1_000);
          assert.ok(notSlow.length <= workers, 'others may begin only in place of slow ones');
          now += takes;
          const [first] = running.keys();
          if (first === undefined) continue;
          lanes.end(first, now, fails);
          running.delete(first);
        }
        for (let turn = 0; lanes.size > 0; turn += 1) {
          assert.ok(turn < 100, 'a key waits forever');
          for (const each of begun(lanes, now)) running.set(each, now);
          for (const each of running.keys()) lanes.end(each, now, false);
          running.clear();
        }
      }),
    );
  });
});
