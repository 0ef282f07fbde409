import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { boundLanes, type Lane } from '../../src/queue/lane-bounds.ts';
import { Lanes } from '../../src/queue/lanes.ts';
import type { Milliseconds } from '../../src/time/units.ts';
import { TRIES } from '../fixtures/tries.ts';
import { PATIENT } from './patient.ts';

const [DUE, NEW, RESYNC] = [0, 1, 3];

interface Running {
  readonly since: Milliseconds;
  /** What its last round says: a quick one only if that neither failed nor was slow. */
  readonly lane: Lane;
}

it('limited rounds never hold more than half of the workers, and others begin only in place of slow ones', () => {
  const step = fc.record({
    key: fc.nat(60),
    rank: fc.nat(3),
    passes: fc.constantFrom(0, 10, 300, 1_500),
    ended: fc.nat(4),
    fails: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.constantFrom(1, 2, 3, 4, 8), (steps, workers) => {
      const lanes = new Lanes(workers);
      const { limited } = boundLanes(workers);
      const suspects = new Set<string>();
      const running = new Map<string, Running>();
      let now = 0;
      for (const { key, rank, passes, ended, fails } of steps) {
        const name = `ns-${key % 5}/${key}`;
        if (!running.has(name)) lanes.set(name, { rank, expiresAt: key, sequence: now, ...PATIENT });
        for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) {
          const lane = suspects.has(next.key) ? 'suspect' : next.urgency.rank === NEW ? 'fresh' : 'quick';
          running.set(next.key, { since: now, lane });
        }
        const all = [...running.values()];
        assert.ok(all.filter(({ lane }) => lane !== 'quick').length <= limited);
        assert.ok(all.filter((one) => one.lane !== 'quick' || now - one.since < 1_000).length <= workers);
        now += passes;
        for (const [each, { since, lane }] of [...running].slice(0, ended)) {
          lanes.end(each, now, fails);
          running.delete(each);
          const isSlow = now - since >= (lane === 'suspect' ? 250 : 1_000);
          if (fails || isSlow) suspects.add(each);
          else suspects.delete(each);
        }
      }
    }),
    { numRuns: TRIES },
  );
});

it('of a single worker, a key that needs no round soon waits until all new ones had theirs, or it has waited too long', () => {
  const second = (patientUntil: Milliseconds): string | undefined => {
    const lanes = new Lanes(1);
    const urgency = { expiresAt: Number.POSITIVE_INFINITY, since: 0, patientUntil };
    for (const sequence of [1, 2])
      lanes.set(`new/${sequence}`, { ...urgency, ...PATIENT, rank: NEW, sequence });
    lanes.set('ns/quick', { ...urgency, rank: RESYNC, sequence: 3 });
    assert.equal(lanes.begin(0)?.key, 'new/1');
    lanes.end('new/1', 500, false);
    return lanes.begin(500)?.key;
  };
  assert.equal(second(501), 'new/2');
  assert.equal(second(500), 'ns/quick');
});

it('a namespace that had its turns in one lane is charged for them in the others', () => {
  const lanes = new Lanes(32);
  const urgency = { expiresAt: Number.POSITIVE_INFINITY, since: 0, patientUntil: Number.POSITIVE_INFINITY };
  for (let each = 0; each < 10; each += 1) {
    lanes.set(`many/quick-${each}`, { ...urgency, rank: DUE, sequence: each });
    assert.equal(lanes.begin(0)?.key, `many/quick-${each}`);
    lanes.end(`many/quick-${each}`, 10, false);
  }
  lanes.set('many/new', { ...urgency, rank: NEW, sequence: 10 });
  lanes.set('few/new', { ...urgency, rank: NEW, sequence: 11 });
  assert.equal(lanes.begin(2_000)?.key, 'few/new');
});
