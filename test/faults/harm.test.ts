import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IMPATIENT, openFakeArena } from './fake-arena.ts';
import type { Fault } from './fault.ts';
import { openGround } from './ground.ts';
import { OUTAGES } from './outages.ts';
import { STALLS } from './stalls.ts';
import { WATCHES } from './watches.ts';

/** Faults whose harm affects requests, watches or the clock, which the fake service does not use. */
const HARMLESS: readonly Fault[] = [
  // The one of `answer-after-deletion` takes twenty seconds.
  ...OUTAGES.filter(({ name }) => /^answers-|answer-lost$/.test(name)),
  ...STALLS.filter(({ name }) => /^clock-|^stray-/.test(name)),
  ...WATCHES.filter(({ name }) => name !== 'watches-cut'), // takes ten seconds
];

describe('a fault whose harm has no effect', { concurrency: true }, () => {
  for (const { name, play } of HARMLESS) {
    it(`fails: ${name}`, async () => {
      await using arena = openFakeArena({}, {}, IMPATIENT);
      const ground = await openGround(arena, 'space', true);
      await play(ground).catch(() => undefined);
      assert.match(ground.violations.map(({ what }) => what).join(), /nothing was tested: the harm met 0/);
    });
  }
});
