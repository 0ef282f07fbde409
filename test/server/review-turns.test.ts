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

  describe('an owner whose reviews are few of all, but more than its share in a crowd, has each answered in time', () => {
    const MAX_WAIT_MS = 3_000; // of the 5 s that the API server waits
    for (const { owners, atOnce, cost, every, time } of [
      { owners: 50, atOnce: 4, cost: 0.6, every: 20, time: 15_000 },
      { owners: 200, atOnce: 1, cost: 0.6, every: 100, time: 15_000 },
      { owners: 200, atOnce: 1, cost: 0.6, every: 20, time: 2_500 },
      { owners: 200, atOnce: 1, cost: 4, every: 20, time: 15_000 },
      { owners: 20, atOnce: 30, cost: 4, every: 20, time: 5_000 },
    ])
      it(`${owners} others with ${atOnce} at once of ${cost} ms, for ${time} ms`, async ({ mock }) => {
        const rig = openRig();
        let timers: { at: number; run: () => void }[] = [];
        const later = (run: () => void, delay: number): void =>
          void timers.push({ at: rig.now() + delay, run });
        mock.method(globalThis, 'setTimeout', later);
        mock.method(performance, 'now', rig.now);
        const wait = async (until: number): Promise<void> => {
          while (rig.now() < until) {
            await nextTurn();
            rig.spend(IDLE_TURN_MS);
            const due = timers.filter(({ at }) => at <= rig.now());
            timers = timers.filter((timer) => !due.includes(timer));
            for (const { run } of due) run();
          }
        };
        for (let other = 0; other < owners; other += 1)
          for (let job = 0; job < atOnce; job += 1) {
            const again = (): void =>
              rig.turns.take(`${other}`, 64_000, () => {
                rig.spend(cost);
                later(again, 1);
              });
            again();
          }
        const waits: number[] = [];
        let asked = 0;
        for (let at = 500; at < time; at += every) {
          await wait(at);
          asked += 1;
          rig.turns.take('patient', 5_000, () => {
            rig.spend(0.5);
            waits.push(rig.now() - at);
          });
        }
        await wait(rig.now() + MAX_WAIT_MS);
        rig.stop();
        assert.deepEqual([waits.length, waits.filter((each) => each > MAX_WAIT_MS).length], [asked, 0]);
      });
  });

  describe('an owner that does not ask for more than its share', () => {
    const JOB_MS = 4;
    /** Another one's jobs without end, so many of them at a time. */
    const flood = ({ turns, spend }: Rig, owner: string, atOnce: number): void => {
      const again = (): void =>
        turns.take(owner, 64_000, () => {
          spend(JOB_MS);
          setImmediate(again);
        });
      for (let job = 0; job < atOnce; job += 1) again();
    };

    it('waits for few jobs of others that come later, however long it was there before', async () => {
      const rig = openRig();
      const waits: number[] = [];
      const askFor = async (time: number): Promise<void> => {
        for (const end = rig.now() + time; rig.now() < end;) {
          const askedAt = rig.now();
          const isDone = Promise.withResolvers<void>();
          rig.turns.take('patient', 2_500, () => {
            rig.spend(JOB_MS);
            waits.push(rig.now() - askedAt);
            isDone.resolve();
          });
          await isDone.promise;
          for (const next = askedAt + 10 * JOB_MS; rig.now() < next;) await nextTurn();
        }
      };
      flood(rig, 'first', 100);
      await askFor(3_000);
      for (let other = 0; other < 20; other += 1) flood(rig, `later-${other}`, 5);
      await askFor(2_000);
      rig.stop();
      assert.ok(Math.max(...waits) <= 250, `${Math.max(...waits)} ms`);
    });

    it('does not wait in one turn for hundreds of others that come at the same time', async () => {
      const { turns, spend, now, stop } = openRig();
      const asked = now();
      for (let other = 0; other < 300; other += 1) turns.take(`${other}`, 64_000, () => spend(40));
      const done = Promise.withResolvers<number>();
      turns.take('patient', 2_500, () => done.resolve(now() - asked));
      const waited = await done.promise;
      stop();
      assert.ok(waited <= 200, `${waited} ms`);
    });
  });
});

/** The time of a turn of the event loop in which nothing is done. */
const IDLE_TURN_MS = 0.05;

/** Turns on a clock that only jobs advance; after `stop` they run no more. */
interface Rig {
  readonly turns: Pick<ReviewTurns, 'take'>;
  readonly spend: (milliseconds: number) => void;
  readonly now: () => number;
  readonly stop: () => void;
}

function openRig(): Rig {
  let time = 0;
  let isStopped = false;
  const turns = new ReviewTurns(() => time);
  return {
    turns: {
      take: (owner, size, run) => {
        if (!isStopped) turns.take(owner, size, () => (isStopped ? undefined : run()));
      },
    },
    spend: (milliseconds) => {
      time += milliseconds;
    },
    now: () => time,
    stop: () => {
      isStopped = true;
    },
  };
}
