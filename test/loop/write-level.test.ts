import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BURST, endOfExcess, levelOf, raiseLevel, waitOf } from '../../src/loop/write-level.ts';
import { TRIES } from '../fixtures/tries.ts';

describe('the level of unscheduled writes', () => {
  it('allows five at once, and falls by one a minute of quiet after twice the wait', () => {
    const writes = { level: BURST, at: 1_000 };
    assert.deepEqual([0, BURST - 1, BURST, BURST + 1].map(waitOf), [0, 0, 1.25, 2.5]);
    const levels = [0, 62.4, 62.5, 122.5, 10_000].map((quiet) => levelOf(writes, writes.at + quiet));
    assert.deepEqual(levels, [5, 5, 4, 3, 0]);
  });

  it('ends with waits of five minutes, however many more are made', () => {
    let level = 0;
    for (let each = 0; each < 100; each += 1) level = raiseLevel(level);
    assert.equal(waitOf(level), 300);
    assert.equal(waitOf(raiseLevel(level)), 300);
  });

  it('is back at a burst when the excess ends, and not a minute earlier', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.double({ min: 0, max: 4e9, noNaN: true }),
        (more, at) => {
          let level = BURST;
          for (let each = 0; each < more; each += 1) level = raiseLevel(level);
          const end = endOfExcess({ level, at });
          assert.equal(levelOf({ level, at }, end), BURST);
          assert.ok(levelOf({ level, at }, end - 60) > BURST);
        },
      ),
      { numRuns: TRIES },
    );
  });
});
