import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { ReviewTurns } from '../../src/server/review-turns.ts';

/** Keeps the event loop busy. */
function work(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

async function untilIdle(done: readonly string[], expected: number): Promise<void> {
  while (done.length < expected) await nextTurn();
}

describe('turns:', () => {
  it('a small amount of work is done at once', () => {
    const turns = new ReviewTurns();
    const done: string[] = [];
    for (const name of ['a', 'b', 'c']) turns.take('x', 1, () => done.push(name));
    assert.deepEqual(done, ['a', 'b', 'c']);
  });

  it('work that takes longer than a slice waits, and others run in between', async () => {
    const turns = new ReviewTurns();
    const done: string[] = [];
    for (let job = 0; job < 4; job += 1) {
      turns.take('x', 1, () => {
        work(60);
        done.push('x');
      });
    }
    assert.deepEqual(done, ['x']);
    setTimeout(() => done.push('timer'), 1);
    await untilIdle(done, 5);
    assert.equal(done.length, 5);
    assert.ok(done.indexOf('timer') < 4, done.join(' '));
  });

  it('after costly work there are many turns for others, before the next of the same owner', async () => {
    const turns = new ReviewTurns();
    const done: string[] = [];
    for (let job = 0; job < 2; job += 1) {
      turns.take('x', 1, () => {
        work(200);
        done.push('x');
      });
    }
    let between = 0;
    while (done.length < 2) {
      await nextTurn();
      between += 1;
    }
    assert.ok(between > 10, `${between} turns`);
  });

  it('an owner with little work does not wait, and of waiting ones the smallest is first', async () => {
    const turns = new ReviewTurns();
    const done: string[] = [];
    const take = (owner: string, size: number, cost: number) =>
      turns.take(owner, size, () => {
        work(cost);
        done.push(`${owner}${size}`);
      });
    take('a', 0, 60);
    for (const size of [5, 4, 3]) take('a', size, 60);
    take('b', 9, 1);
    take('b', 1, 1);
    await untilIdle(done, 6);
    assert.deepEqual(done, ['a0', 'b9', 'b1', 'a3', 'a4', 'a5']);
  });
});
