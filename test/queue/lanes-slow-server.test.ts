import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lanes } from '../../src/queue/lanes.ts';
import type { Urgency } from '../../src/queue/urgency.ts';
import { PATIENT } from './patient.ts';

const WORKERS = 32;
const HOUR_MS = 3_600_000;
const [DUE, NEW] = [0, 1];

/** Keys of 50 namespaces that were never slow, and are all due. */
const crowd = Array.from({ length: 2_000 }, (_, index) => `ns-${index % 50}/due-${index}`);

/** The keys before all rounds become slow, and the keys that are added later. */
interface Story {
  readonly before?: (lanes: Lanes) => void;
  readonly roundMs: number;
  readonly later: readonly { readonly at: number; readonly key: string; readonly urgency: Urgency }[];
}

/**
 * The times at which each round begins, and the largest number of concurrent rounds. All rounds take the same
 * time, and none fails.
 */
function simulate({ before, roundMs, later }: Story): {
  readonly begun: ReadonlyMap<string, number>;
  readonly most: number;
} {
  const lanes = new Lanes(WORKERS);
  before?.(lanes);
  for (const [sequence, key] of crowd.entries())
    lanes.set(key, { rank: DUE, expiresAt: HOUR_MS, sequence, ...PATIENT });
  const begun = new Map<string, number>();
  const active = new Map<string, number>();
  let most = 0;
  const waiting = [...later];
  for (let now = 0; begun.size < crowd.length + later.length; now += 100) {
    for (const [key, since] of active) {
      if (now - since < roundMs) continue;
      lanes.end(key, now, false);
      active.delete(key);
    }
    for (let next = waiting[0]; next !== undefined && next.at <= now; next = waiting[0]) {
      lanes.set(next.key, next.urgency);
      waiting.shift();
    }
    for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) {
      begun.set(next.key, now);
      active.set(next.key, now);
    }
    most = Math.max(most, active.size);
  }
  return { begun, most };
}

/** Its last round was slow, and did not fail. */
const wasSlow = (key: string) => (lanes: Lanes) => {
  lanes.set(key, { rank: NEW, expiresAt: HOUR_MS, sequence: 0, ...PATIENT });
  lanes.begin(-10_000);
  lanes.end(key, -5_000, false);
};

describe('with an API server whose answers are all late', () => {
  for (const roundMs of [3_000, 20_000]) {
    it(`the soonest to expire begins first, although it was slow before, with rounds of ${roundMs} ms`, () => {
      const urgency = { rank: DUE, expiresAt: 25_000, sequence: 9_999, ...PATIENT };
      const { begun, most } = simulate({
        before: wasSlow('other/soon'),
        roundMs,
        later: [{ at: 5_000, key: 'other/soon', urgency }],
      });
      const at = begun.get('other/soon') ?? Number.POSITIVE_INFINITY;
      assert.ok(at <= 5_000 + roundMs, `it began at ${at} ms`);
      assert.ok(most <= 4 * WORKERS, `${most} rounds at once`);
    });
  }

  it('many keys that expire soon and were slow before begin before all others', () => {
    const soon = Array.from({ length: 12 }, (_, index) => `other/soon-${index}`);
    const { begun } = simulate({
      before: (lanes) => soon.forEach((key) => wasSlow(key)(lanes)),
      roundMs: 3_000,
      later: soon.map((key, sequence) => ({
        at: 5_000,
        key,
        urgency: { rank: DUE, expiresAt: 25_000, sequence, ...PATIENT },
      })),
    });
    const last = Math.max(...soon.map((key) => begun.get(key) ?? Number.POSITIVE_INFINITY));
    assert.ok(last <= 20_000, `the last began at ${last} ms`);
  });

  it('a thousand that fail slowly use at most half of the workers, and delay no others', () => {
    const lanes = new Lanes(WORKERS);
    const bad = Array.from({ length: 1_000 }, (_, index) => `bad/jwt-${index}`);
    for (const [sequence, key] of bad.entries())
      lanes.set(key, { rank: NEW, expiresAt: 0, sequence, ...PATIENT });
    for (const [sequence, key] of crowd.entries())
      lanes.set(key, { rank: DUE, expiresAt: HOUR_MS, sequence, ...PATIENT });
    const isBad = (key: string): boolean => key.startsWith('bad/');
    const active = new Map<string, number>();
    let others = 0;
    for (let now = 0; now < 60_000; now += 100) {
      for (const [key, since] of active) {
        if (now - since < (isBad(key) ? 10_000 : 3_000)) continue;
        lanes.end(key, now, isBad(key));
        active.delete(key);
        // More urgent than all others.
        if (isBad(key)) lanes.set(key, { rank: DUE, expiresAt: 0, sequence: 0, ...PATIENT });
      }
      for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) {
        active.set(next.key, now);
        if (!isBad(next.key)) others += 1;
      }
      const held = [...active.keys()].filter(isBad).length;
      assert.ok(held <= WORKERS / 2, `${held} of the workers`);
    }
    assert.ok(others >= 16 * 60, `${others} others began in a minute`);
  });

  it('a new JWT gets its turn although all others are due', () => {
    const urgency = { rank: NEW, expiresAt: Number.POSITIVE_INFINITY, sequence: 9_999, ...PATIENT };
    const { begun } = simulate({ roundMs: 3_000, later: [{ at: 5_000, key: 'other/new', urgency }] });
    const at = begun.get('other/new') ?? Number.POSITIVE_INFINITY;
    assert.ok(at <= 10_000, `it began at ${at} ms`);
  });
});
