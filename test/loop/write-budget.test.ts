import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WriteBudget } from '../../src/loop/write-budget.ts';
import type { StateProblem } from '../../src/resources/problem.ts';
import { renewalTime } from '../../src/signing/schedule.ts';
import { makeJwt } from '../fixtures/jwts.ts';

const MINUTE = 60;
const CONTENDED = {
  ...makeJwt({}, { status: { conditions: [{ type: 'Contended', status: 'True', reason: 'Contended' }] } }),
  uid: 'a',
};
const FAILED: StateProblem = { reason: 'WriteFailed', message: '503' };

/**
 * The number of writes within `lasts` against a peer who undoes each one `every` seconds after it was made.
 */
function contend(budget: WriteBudget, every: number, lasts: number, start = 0): readonly number[] {
  const writes: number[] = [];
  for (let now = start; now < start + lasts;) {
    const at = budget.nextWriteAt('a', now);
    if (at > now) {
      now = at;
      continue;
    }
    budget.spend('a', now, {});
    writes.push(now);
    now += every;
  }
  return writes;
}

describe('the budget of unscheduled writes', () => {
  it('allows five at once, then one after 1 s, 2 s … 5 min', () => {
    const writes = contend(new WriteBudget(), 0.001, 60 * MINUTE);
    assert.ok((writes[4] ?? 0) <= 0.004);
    const waits = writes
      .slice(5)
      .map((at, index) => Math.round((at - (writes[index + 4] ?? 0)) * 1_000) / 1_000);
    assert.deepEqual(waits.slice(0, 4), [1.25, 2.5, 5, 10]);
    assert.ok(waits.slice(8).every((wait) => wait === 300));
    assert.ok(writes.length <= 26, `${writes.length} in an hour`);
  });

  it('is separate for each JWT', () => {
    const budget = new WriteBudget();
    contend(budget, 0.001, MINUTE);
    assert.equal(budget.nextWriteAt('b', MINUTE), MINUTE);
    assert.deepEqual([budget.isContended('a', MINUTE), budget.isContended('b', MINUTE)], [true, false]);
  });

  it('never slows down an author who changes something every two minutes', () => {
    const budget = new WriteBudget();
    for (let now = 0; now < 600 * MINUTE; now += 2 * MINUTE) {
      assert.equal(budget.nextWriteAt('a', now) <= now, true);
      budget.spend('a', now, {});
      assert.equal(budget.isContended('a', now), false);
    }
  });

  it('is restored within half an hour without writes', () => {
    const budget = new WriteBudget();
    contend(budget, 0.001, 60 * MINUTE);
    assert.equal(budget.isContended('a', 61 * MINUTE), true);
    assert.equal(budget.isContended('a', 90 * MINUTE), false);
    assert.ok((contend(budget, 0.001, MINUTE, 90 * MINUTE)[4] ?? 0) < 91 * MINUTE);
  });

  it('stays used up after a restart if the status has Contended, until some time without writes', () => {
    const budget = new WriteBudget();
    budget.resume(CONTENDED, 0);
    assert.deepEqual([budget.isContended('a', 0), budget.contendersNow('a')], [true, 'recorded']);
    assert.deepEqual([budget.isContended('a', MINUTE), budget.isContended('a', 2 * MINUTE)], [true, false]);
    assert.ok(budget.nextWriteAt('a', 0) <= 5, 'a change of its author waits for seconds at most');
  });

  it('does not start again for a JWT that was written since', () => {
    const budget = new WriteBudget();
    budget.spend('a', 0, {});
    budget.resume(CONTENDED, 1);
    assert.equal(budget.isContended('a', 1), false);
  });

  it('delays no write for longer than five minutes, for any change of the clock', () => {
    const step = fc.record({ jump: fc.integer({ min: -3_600, max: 3_600 }), isSpent: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const budget = new WriteBudget();
        let now = 1e9;
        for (const { jump, isSpent } of steps) {
          now += jump;
          assert.ok(budget.nextWriteAt('a', now) - now <= 300);
          if (isSpent) budget.spend('a', now, {});
        }
      }),
    );
  });

  it('is not used up forever if the clock was set back', () => {
    const budget = new WriteBudget();
    const later = 100 * MINUTE;
    contend(budget, 0.001, MINUTE, later);
    const until = budget.nextWriteAt('a', 0);
    assert.ok(until <= 300);
    assert.ok(budget.nextWriteAt('a', until) <= until, 'the wait ends');
  });

  it('allows a due renewal, but not many in a row', () => {
    const budget = new WriteBudget();
    contend(budget, 0.001, MINUTE);
    assert.ok(budget.nextRenewalAt('a', MINUTE) <= MINUTE);
    budget.spend('a', MINUTE, { isScheduled: true });
    assert.equal(budget.nextRenewalAt('a', MINUTE + 1), MINUTE + 30);
    assert.ok(budget.nextRenewalAt('a', 0) <= 0, 'a clock that was set back holds no renewal');
  });

  it('allows the renewal of every token when it is due, for any part of a second in which it was signed', () => {
    const budget = new WriteBudget();
    budget.spend('a', 100.9, { isScheduled: true });
    assert.ok(budget.nextRenewalAt('a', 130) <= 130, 'tokens are dated in whole seconds');
    const lifetimes = fc.record({
      lifetime: fc.integer({ min: 60, max: 7 * 86_400 }),
      resignBefore: fc.integer({ min: 0, max: 7 * 86_400 }),
    });
    fc.assert(
      fc.property(fc.uuid(), fc.double({ min: 0, max: 2e9, noNaN: true }), lifetimes, (uid, now, times) => {
        const issuedAt = Math.floor(now);
        const renewsAt = renewalTime(uid, issuedAt + times.lifetime, times);
        budget.spend(uid, now, { isScheduled: true });
        assert.ok(budget.nextRenewalAt(uid, renewsAt) <= renewsAt);
      }),
    );
  });

  it('is not restored faster if a renewal was due meanwhile', () => {
    const [renewed, other] = [new WriteBudget(), new WriteBudget()];
    for (const budget of [renewed, other])
      for (let write = 0; write < 8; write += 1) budget.spend('a', 0, {});
    renewed.spend('a', 2 * MINUTE, { isScheduled: true });
    for (let now = 2 * MINUTE; now < 10 * MINUTE; now += MINUTE / 4)
      assert.equal(renewed.isContended('a', now), other.isContended('a', now), `after ${now} s`);
  });

  it('used up by failures does not name others, and delays nothing after a write succeeds', () => {
    const budget = new WriteBudget();
    for (let tries = 0; tries < 6; tries += 1) budget.spend('a', 0, { problem: FAILED });
    assert.deepEqual([budget.isContended('a', 0), budget.nextWriteAt('a', 0)], [false, 2.5]);
    budget.spend('a', 40, {});
    assert.equal(budget.isContended('a', 40), false);
    assert.equal(budget.nextWriteAt('a', 40), 40, 'the next one does not wait');
    for (let tries = 0; tries < 6; tries += 1) budget.spend('b', 0, { problem: FAILED });
    budget.spend('b', 40, { isScheduled: true });
    assert.equal(budget.isContended('b', 40), false, 'nor once a renewal is made');
  });

  it('used up by others still names them while writes fail', () => {
    const budget = new WriteBudget();
    for (let write = 0; write < 6; write += 1) budget.spend('a', 0, {});
    budget.spend('a', 3, { problem: FAILED });
    assert.equal(budget.isContended('a', 3), true);
  });

  it('is also used up if every second write fails', () => {
    const budget = new WriteBudget();
    let tries = 0;
    while (tries < 100 && budget.nextWriteAt('a', 0) <= 0) {
      budget.spend('a', 0, { problem: tries % 2 === 0 ? FAILED : undefined });
      tries += 1;
    }
    assert.ok(tries <= 10, `${tries} tries at once`);
    for (let more = 0; more < 20; more += 1)
      budget.spend('a', 0, { problem: more % 2 === 0 ? FAILED : undefined });
    assert.equal(budget.isContended('a', 0), true);
  });

  it('remembers the last managers that were seen', async () => {
    const budget = new WriteBudget();
    let looks = 0;
    const look = (names: readonly string[]) => async () => {
      looks += 1;
      return names;
    };
    budget.spend('a', 0, {});
    assert.deepEqual(await budget.findContenders('a', look(['peer'])), ['peer']);
    assert.deepEqual(await budget.findContenders('a', look([])), ['peer']);
    budget.spend('a', 1, {});
    assert.deepEqual(await budget.findContenders('a', look([])), ['peer']);
    assert.equal(looks, 2, 'once per write');
  });

  it('knows when it will be restored so far that a Secret left alone counts as contended no more', () => {
    const write = fc.record({
      wait: fc.double({ min: 0, max: 200, noNaN: true }),
      problem: fc.constantFrom(undefined, undefined, FAILED),
      isScheduled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const budget = new WriteBudget();
        let now = 0;
        for (const { wait, ...spent } of writes) {
          now += wait;
          budget.spend('a', now, spent);
        }
        const end = budget.endOfContention('a', now);
        assert.equal(end !== undefined, budget.isContended('a', now));
        if (end === undefined) return;
        assert.equal(budget.isContended('a', end), false);
        assert.equal(budget.isContended('a', end - 2), true);
      }),
    );
  });

  const afterWrites = (...asked: readonly boolean[]): WriteBudget => {
    const budget = new WriteBudget();
    for (const isAsked of asked) budget.spend('a', 0, { isAsked });
    return budget;
  };

  it('names the author if more than half of the changes were of the JWT or its key, and looks for nobody else', async () => {
    const look = async () => assert.fail('nobody else changed anything');
    const mostly = afterWrites(false, false, true, true, true, true);
    assert.equal(mostly.isContended('a', 0), true);
    assert.equal(await mostly.findContenders('a', look), 'author');
    assert.equal(mostly.contendersNow('a'), 'author');
    const half = afterWrites(true, true, true, false, false, false);
    assert.deepEqual(await half.findContenders('a', async () => ['peer']), ['peer']);
  });

  it('remembers of a write that is held back whether it was asked for, until one that was is made', () => {
    const budget = afterWrites(true);
    budget.noteHeld('a', false);
    assert.equal(budget.isHeldAsked('a'), false);
    budget.noteHeld('a', true);
    budget.noteHeld('a', false);
    budget.spend('a', 0, { isAsked: true, problem: FAILED });
    budget.spend('a', 0, {});
    assert.equal(budget.isHeldAsked('a'), true, 'it failed, or met a change');
    budget.spend('a', 0, { isAsked: true });
    assert.equal(budget.isHeldAsked('a'), false);
    budget.noteHeld('never written', true);
    assert.equal(budget.isHeldAsked('never written'), false);
  });

  it('looks for nobody after a restart if all that happened since was asked for', async () => {
    const nobody = async () => assert.fail('the last writer of the Secret may have written it a year ago');
    const budget = new WriteBudget();
    budget.resume(CONTENDED, 0);
    budget.noteHeld('a', true);
    assert.equal(await budget.findContenders('a', nobody), 'recorded');
    budget.spend('a', 5, { isAsked: true });
    assert.equal(await budget.findContenders('a', nobody), 'recorded');
    budget.spend('a', 10, {});
    assert.deepEqual(await budget.findContenders('a', async () => ['peer']), ['peer']);
    const touched = new WriteBudget();
    touched.resume(CONTENDED, 0);
    touched.noteHeld('a', false);
    assert.deepEqual(await touched.findContenders('a', async () => ['peer']), ['peer']);
  });

  it('names those who change it now, not those who did so before it was left alone', async () => {
    const budget = afterWrites(true, true, true, true, true, true);
    for (let write = 0; write < 3; write += 1) budget.spend('a', 0, {});
    assert.deepEqual(budget.contendersNow('a'), []);
    const quiet = afterWrites(true, true, true, true, true, true);
    for (let write = 0; write < 6; write += 1) quiet.spend('a', 60 * MINUTE, {});
    assert.deepEqual(quiet.contendersNow('a'), []);
  });
});
