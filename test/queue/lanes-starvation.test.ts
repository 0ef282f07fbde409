import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Lanes } from '../../src/queue/lanes.ts';
import type { Milliseconds } from '../../src/time/units.ts';
import { PATIENT } from './patient.ts';

const [DUE, NEW, CHANGED, RESYNC] = [0, 1, 2, 3];
const MINUTE_MS = 60_000;

/** Runs a round of a key that is new or failed, with this result. `at`: when it begins. */
function workOn(lanes: Lanes, key: string, round: 'slow' | 'failed', at: Milliseconds = 0): void {
  lanes.set(key, { rank: NEW, expiresAt: Number.POSITIVE_INFINITY, sequence: 0, ...PATIENT });
  assert.equal(lanes.begin(at)?.key, key);
  lanes.end(key, at + (round === 'slow' ? 2_000 : 10), round === 'failed');
}

/** The events while the lanes run. */
interface Story {
  readonly lanes: Lanes;
  /** How long the round of this key takes. */
  readonly roundMs: (key: string) => Milliseconds;
  /** Called when the round of a key begins. */
  readonly onBegun: (key: string, now: Milliseconds) => void;
  /** Called when the round has ended, to add keys again. */
  readonly onEnded: (key: string, now: Milliseconds) => void;
  readonly hasFailed?: (key: string) => boolean;
  readonly minutes: number;
}

function run({ lanes, roundMs, onBegun, onEnded, hasFailed = () => false, minutes }: Story): void {
  const running = new Map<string, Milliseconds>();
  for (let now = 10_000; now < minutes * MINUTE_MS; now += 50) {
    for (const [key, endsAt] of running) {
      if (now < endsAt) continue;
      running.delete(key);
      lanes.end(key, now, hasFailed(key));
      onEnded(key, now);
    }
    for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) {
      running.set(next.key, now + roundMs(next.key));
      onBegun(next.key, now);
    }
  }
}

/** Keeps 50 new JWTs waiting at any time, each with a name of its own. */
function keepNewWaiting(lanes: Lanes): () => void {
  let sequence = 1_000;
  const addOne = (): void => {
    sequence += 1;
    lanes.set(`many/new-${sequence}`, {
      rank: NEW,
      expiresAt: Number.POSITIVE_INFINITY,
      sequence,
      ...PATIENT,
    });
  };
  for (let each = 0; each < 50; each += 1) addOne();
  return addOne;
}

const isNew = (key: string): boolean => key.startsWith('many/new-');

describe('while new JWTs always wait', () => {
  /** Whether the round of the key has begun within a minute. */
  function hasBegun(lanes: Lanes, wanted: string): boolean {
    const begun = new Set<string>();
    const addOne = keepNewWaiting(lanes);
    run({
      lanes,
      roundMs: () => 50,
      onBegun: (key) => {
        begun.add(key);
        if (isNew(key)) addOne();
      },
      onEnded: () => {},
      minutes: 1,
    });
    return begun.has(wanted);
  }

  for (const [title, rank] of Object.entries({ NEW, CHANGED, RESYNC }))
    for (const round of ['failed', 'slow'] as const)
      it(`one whose last round was ${round} gets its next one, of priority ${title}`, () => {
        const lanes = new Lanes(32);
        workOn(lanes, 'ns/a', round);
        lanes.set('ns/a', { rank, expiresAt: Number.POSITIVE_INFINITY, sequence: 1, ...PATIENT });
        assert.ok(hasBegun(lanes, 'ns/a'));
      });

  it('one that was changed after its failure gets its turn when it has waited too long', () => {
    for (const workers of [1, 2, 32]) {
      const lanes = new Lanes(workers);
      workOn(lanes, 'ns/a', 'failed');
      lanes.giveAnotherChance('ns/a');
      lanes.set('ns/a', {
        rank: CHANGED,
        expiresAt: Number.POSITIVE_INFINITY,
        sequence: 1,
        since: 0,
        patientUntil: 30_000,
      });
      assert.ok(hasBegun(lanes, 'ns/a'), `${workers} workers`);
    }
  });

  it('a renewal that failed does not wait for one of its namespace that was only slow and is not due', () => {
    const lanes = new Lanes(32);
    workOn(lanes, 'ns/slow', 'slow');
    workOn(lanes, 'ns/due', 'failed');
    lanes.set('ns/slow', { rank: RESYNC, expiresAt: 2 * MINUTE_MS, sequence: 1, ...PATIENT });
    lanes.set('ns/due', { rank: DUE, expiresAt: MINUTE_MS, sequence: 2, ...PATIENT });
    assert.ok(hasBegun(lanes, 'ns/due'));
  });

  it('a renewal that failed twice does not wait for a new one of its namespace that failed once', () => {
    const lanes = new Lanes(32);
    workOn(lanes, 'ns/due', 'failed');
    workOn(lanes, 'ns/due', 'failed');
    workOn(lanes, 'ns/once', 'failed');
    lanes.set('ns/once', { rank: NEW, expiresAt: Number.POSITIVE_INFINITY, sequence: 1, ...PATIENT });
    lanes.set('ns/due', { rank: DUE, expiresAt: MINUTE_MS, sequence: 2, ...PATIENT });
    assert.ok(hasBegun(lanes, 'ns/due'));
  });
});

describe('a suspect that has waited too long', () => {
  it('lets the one of its lane that expires soonest of all begin, although their eighth is taken', () => {
    const lanes = new Lanes(32);
    const slow = Array.from({ length: 6 }, (_, index) => `ns/slow-${index}`);
    for (const key of slow) workOn(lanes, key, 'slow');
    for (const [sequence, key] of slow.slice(0, 4).entries()) {
      lanes.set(key, { rank: DUE, expiresAt: 0, sequence, ...PATIENT });
      lanes.begin(10_000);
    }
    lanes.set('ns/slow-4', {
      rank: RESYNC,
      expiresAt: MINUTE_MS,
      sequence: 1,
      since: 0,
      patientUntil: 10_000,
    });
    lanes.set('ns/slow-5', { rank: DUE, expiresAt: 1, sequence: 2, ...PATIENT });
    for (let each = 0; each < 40; each += 1)
      lanes.set(`ns/quick-${each}`, { rank: DUE, expiresAt: 2, sequence: each, ...PATIENT });
    const begun = Array.from({ length: 3 }, () => lanes.begin(20_000)?.key);
    assert.deepEqual(begun, ['ns/slow-4', 'ns/slow-5', 'ns/quick-0']);
  });
});

it('a renewal that was only slow does not wait behind one that fails always, for which there is no room', () => {
  const lanes = new Lanes(32);
  const waitDue = (key: string, since: Milliseconds): void =>
    lanes.set(key, { rank: DUE, expiresAt: since + MINUTE_MS, sequence: 0, ...PATIENT, since });
  const beginAll = (now: Milliseconds): readonly string[] => {
    const begun: string[] = [];
    for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) begun.push(next.key);
    return begun;
  };
  const busy = Array.from({ length: 6 }, (_, index) => `busy/${index}`);
  const few = Array.from({ length: 10 }, (_, index) => `few/${index}`);
  for (const key of [...busy, ...few]) workOn(lanes, key, 'slow');
  for (let each = 0; each < 4; each += 1) workOn(lanes, 'failing/a', 'failed', 3_000 * each);
  for (const at of [12_000, 14_000, 16_000, 18_000]) {
    waitDue('busy/0', at);
    assert.deepEqual(beginAll(at), ['busy/0']);
    lanes.end('busy/0', at + 2_000, false);
  }
  for (const key of busy) waitDue(key, 20_000);
  assert.equal(beginAll(20_000).length, 6, 'more than the limit, which is 4');
  waitDue('failing/a', 20_000);
  for (const key of few) waitDue(key, 21_500);
  const begun = beginAll(21_600);
  assert.equal(begun.filter((key) => key.startsWith('few/')).length, 8, 'as many as its share');
});

describe('two namespaces whose JWTs fail slowly', () => {
  const stories = fc.record({
    workers: fc.constantFrom(1, 4, 8, 16, 32),
    /** From requests that end late to rounds in which a dozen reach their deadlines. */
    roundMs: fc.integer({ min: 2_000, max: 60_000 }),
    later: fc.integer({ min: 40, max: 200 }),
    earlier: fc.integer({ min: 20, max: 40 }),
  });
  const worst = { workers: 32, roundMs: 20_000, later: 200, earlier: 20 };

  it('share the workers, although those of one began to fail later, and so are more urgent', () => {
    fc.assert(
      fc.property(stories, ({ workers, roundMs, later, earlier }) => {
        const lanes = new Lanes(workers);
        const keys = [
          ...Array.from({ length: earlier }, (_, index) => `earlier/jwt-${index}`),
          ...Array.from({ length: later }, (_, index) => `later/jwt-${index}`),
        ];
        for (const [index, key] of keys.entries()) workOn(lanes, key, 'failed', index * 20);
        const wait = (key: string, since: Milliseconds): void =>
          lanes.set(key, { rank: DUE, expiresAt: 0, sequence: 0, ...PATIENT, since });
        for (const key of keys) wait(key, 0);
        const begun = { earlier: 0, later: 0 };
        run({
          lanes,
          roundMs: () => roundMs,
          hasFailed: () => true,
          onBegun: (key) => {
            begun[key.startsWith('later/') ? 'later' : 'earlier'] += 1;
          },
          onEnded: wait,
          minutes: 45,
        });
        assert.ok(begun.earlier >= begun.later / 3, JSON.stringify(begun));
      }),
      { numRuns: 20, examples: [[worst]] },
    );
  });
});

for (const workers of [1, 2, 3, 4])
  describe(`with ${workers} workers`, () => {
    for (const round of ['failed', 'slow'] as const)
      it(`renewals that are due again and again, and whose rounds are ${round}, leave room for new JWTs`, () => {
        const lanes = new Lanes(workers);
        const bad = Array.from({ length: 100 }, (_, index) => `bad/due-${index}`);
        const wait = (key: string): void =>
          lanes.set(key, { rank: DUE, expiresAt: 0, sequence: 0, ...PATIENT });
        for (const key of [...bad, ...bad]) workOn(lanes, key, round);
        for (const key of bad) wait(key);
        const addOne = keepNewWaiting(lanes);
        const begun = { new: 0, bad: 0 };
        run({
          lanes,
          roundMs: () => (round === 'slow' ? 2_000 : 500),
          hasFailed: (key) => round === 'failed' && !isNew(key),
          onBegun: (key) => {
            begun[isNew(key) ? 'new' : 'bad'] += 1;
            if (isNew(key)) addOne();
          },
          onEnded: (key) => {
            if (!isNew(key)) wait(key);
          },
          minutes: 5,
        });
        assert.ok(begun.new >= 60 && begun.bad >= 60, JSON.stringify(begun));
      });

    it('a renewal that failed does not lose its turn to a new JWT that is not due', () => {
      const lanes = new Lanes(workers);
      workOn(lanes, 'bad/due', 'failed');
      lanes.set('many/new', { rank: NEW, expiresAt: Number.POSITIVE_INFINITY, sequence: 1, ...PATIENT });
      lanes.set('good/due', { rank: DUE, expiresAt: MINUTE_MS, sequence: 2, ...PATIENT });
      const begun: (string | undefined)[] = [];
      for (let now = 10; now < 1_010; now += 10) {
        lanes.set('bad/due', { rank: DUE, expiresAt: 0, sequence: 3, ...PATIENT });
        const key = lanes.begin(now)?.key;
        begun.push(key);
        if (key === 'bad/due') lanes.end(key, now + 1, true);
        if (key !== 'good/due') continue;
        lanes.end(key, now + 1, false);
        lanes.set(key, { rank: DUE, expiresAt: MINUTE_MS, sequence: 2, ...PATIENT });
      }
      assert.ok(!begun.includes('many/new'), 'the renewal of a quick key keeps the new JWT out');
      const turns = begun.filter((key) => key === 'bad/due').length;
      const least = workers === 1 ? 45 : 100; // of a single worker, quick keys have half of the time
      assert.ok(turns >= least, `${turns} turns`);
    });
  });
