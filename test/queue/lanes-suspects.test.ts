import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lanes } from '../../src/queue/lanes.ts';
import type { Milliseconds } from '../../src/time/units.ts';
import { PATIENT } from './patient.ts';

const [DUE, NEW, CHANGED, RESYNC] = [0, 1, 2, 3];
const NEVER = Number.POSITIVE_INFINITY;

/** One round of this key, which ends so. */
function workOn(lanes: Lanes, key: string, ends: 'slow' | 'failed', at: Milliseconds, rank = CHANGED): void {
  lanes.set(key, { rank, expiresAt: NEVER, sequence: at, ...PATIENT });
  assert.equal(lanes.begin(at)?.key, key);
  lanes.end(key, at + (ends === 'slow' ? 2_000 : 10), ends === 'failed');
}

/** Begins all rounds that may begin. */
function beginAll(lanes: Lanes, now: Milliseconds): readonly string[] {
  const begun: string[] = [];
  for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) begun.push(next.key);
  return begun;
}

describe('of two suspects of the same priority', () => {
  const firstOf = (lanes: Lanes, keys: readonly string[]): string | undefined => {
    for (const [sequence, key] of keys.entries())
      lanes.set(key, { rank: DUE, expiresAt: sequence, sequence, ...PATIENT });
    return lanes.begin(60_000)?.key;
  };

  it('the one that began to fail later is first, however often the other one failed since', () => {
    const lanes = new Lanes(32);
    workOn(lanes, 'ns/long', 'failed', 0);
    workOn(lanes, 'ns/once', 'failed', 1_000);
    workOn(lanes, 'ns/long', 'failed', 2_000);
    assert.equal(firstOf(lanes, ['ns/long', 'ns/once']), 'ns/once');
  });

  it('one does not get ahead by a change after which it fails again', () => {
    const lanes = new Lanes(32);
    workOn(lanes, 'ns/long', 'failed', 0);
    workOn(lanes, 'ns/once', 'failed', 1_000);
    lanes.giveAnotherChance('ns/long');
    workOn(lanes, 'ns/long', 'failed', 2_000);
    assert.equal(firstOf(lanes, ['ns/long', 'ns/once']), 'ns/once');
  });

  it('one whose last round was only slow is first, although it failed before', () => {
    const lanes = new Lanes(32);
    workOn(lanes, 'ns/slow', 'failed', 0);
    workOn(lanes, 'ns/slow', 'slow', 1_000);
    workOn(lanes, 'ns/failed', 'failed', 4_000);
    assert.equal(firstOf(lanes, ['ns/failed', 'ns/slow']), 'ns/slow');
  });
});

describe('where the suspect whose turn it is has no room', () => {
  /**
   * Lanes in which so many keys of each namespace were slow, and others are due and slow, so that no more than four may be
   * worked on, and as many fail and are.
   */
  function crowded(slow: Readonly<Record<string, number>>): {
    lanes: Lanes;
    keysOf: (name: string) => readonly string[];
  } {
    const lanes = new Lanes(32);
    const keysOf = (name: string): readonly string[] =>
      Array.from({ length: slow[name] ?? 0 }, (_, index) => `${name}/${index}`);
    for (const name of Object.keys(slow)) for (const key of keysOf(name)) workOn(lanes, key, 'slow', 0);
    for (const at of [0, 2_000, 4_000, 6_000, 8_000])
      workOn(lanes, 'others/slow', 'slow', at, at === 0 ? CHANGED : DUE);
    for (const at of [10_000, 11_000, 12_000]) workOn(lanes, 'failing/late', 'failed', at);
    for (let each = 0; each < 4; each += 1) workOn(lanes, `failing/${each}`, 'failed', 20_000 + each);
    for (let each = 0; each < 4; each += 1)
      lanes.set(`failing/${each}`, { rank: DUE, expiresAt: 0, sequence: each, ...PATIENT });
    assert.equal(beginAll(lanes, 30_000).length, 4, 'the limit of suspects');
    return { lanes, keysOf };
  }
  const due = (sequence: number, since: Milliseconds, patientUntil = NEVER) => ({
    rank: DUE,
    expiresAt: sequence,
    sequence,
    since,
    patientUntil,
  });

  it('one of another namespace begins in the place of the most urgent', () => {
    const { lanes, keysOf } = crowded({ many: 9, few: 1 });
    for (const [sequence, key] of keysOf('many').entries()) lanes.set(key, due(sequence, 30_000));
    assert.equal(beginAll(lanes, 30_000).length, 8, 'a quarter of the workers');
    lanes.set('few/0', due(100, 30_000));
    assert.deepEqual(beginAll(lanes, 30_000), ['few/0']);
  });

  it('the most urgent begins in the place of one that fails, and has waited too long', () => {
    const { lanes } = crowded({ few: 2 });
    workOn(lanes, 'rare/0', 'failed', 25_000);
    lanes.set('failing/late', due(1, 30_000, 31_000));
    lanes.set('few/0', due(2, 30_000));
    lanes.set('rare/0', due(3, 30_000));
    assert.deepEqual(beginAll(lanes, 31_000), ['few/0'], 'rare had fewer turns, but has no room either');
  });

  it('one of another namespace begins in the place of both', () => {
    const { lanes, keysOf } = crowded({ many: 9, few: 1 });
    for (const [sequence, key] of keysOf('many').entries()) lanes.set(key, due(sequence, 30_000));
    assert.equal(beginAll(lanes, 30_000).length, 8, 'a quarter of the workers');
    lanes.set('failing/late', due(1, 30_000, 31_000));
    lanes.set('few/0', due(100, 30_000));
    assert.deepEqual(beginAll(lanes, 31_000), ['few/0']);
  });
});

describe('a suspect that is less urgent', () => {
  it('begins in the eighth of suspects before keys of the same priority that were never slow', () => {
    const lanes = new Lanes(32);
    workOn(lanes, 'ns/failed', 'failed', 0);
    lanes.set('ns/failed', { rank: CHANGED, expiresAt: NEVER, sequence: 0, ...PATIENT });
    for (let each = 0; each < 40; each += 1)
      lanes.set(`ns/quick-${each}`, { rank: CHANGED, expiresAt: 0, sequence: each, ...PATIENT });
    assert.ok(beginAll(lanes, 9_000).includes('ns/failed'));
  });

  it('does not begin before a new JWT beyond that eighth, even if it was only slow', () => {
    const lanes = new Lanes(32);
    const slow = Array.from({ length: 5 }, (_, index) => `ns/slow-${index}`);
    for (const key of slow) workOn(lanes, key, 'slow', 0);
    for (const key of slow) lanes.set(key, { rank: RESYNC, expiresAt: 0, sequence: 0, ...PATIENT });
    lanes.set('ns/new', { rank: NEW, expiresAt: NEVER, sequence: 9, ...PATIENT });
    const begun = beginAll(lanes, 9_000);
    assert.equal(begun.indexOf('ns/new'), 4);
  });
});

it('new JWTs have no more than an eighth of the workers beside quick keys that became slow and hold half', () => {
  const lanes = new Lanes(32);
  for (let each = 0; each < 60; each += 1)
    lanes.set(`ns/due-${each}`, { rank: DUE, expiresAt: 0, sequence: each, ...PATIENT });
  assert.equal(beginAll(lanes, 0).length, 32);
  assert.equal(beginAll(lanes, 1_000).length, 16, 'in place of slow ones');
  for (let each = 0; each < 10; each += 1)
    lanes.set(`ns/new-${each}`, { rank: NEW, expiresAt: NEVER, sequence: each, ...PATIENT });
  assert.equal(beginAll(lanes, 1_000).length, 4);
});

describe('while suspects have waited too long', () => {
  const late = (sequence: number) => ({
    rank: RESYNC,
    expiresAt: NEVER,
    sequence,
    since: 0,
    patientUntil: 10_000,
  });

  it('the one whose turn it is begins before new JWTs, although the eighth of suspects is taken', () => {
    const lanes = new Lanes(32);
    const due = Array.from({ length: 4 }, (_, index) => `ns/due-${index}`);
    for (const key of [...due, 'ns/late']) workOn(lanes, key, 'failed', 0);
    for (const key of due) lanes.set(key, { rank: DUE, expiresAt: 0, sequence: 0, ...PATIENT });
    assert.equal(beginAll(lanes, 9_000).length, 4);
    lanes.set('ns/late', late(1));
    for (let each = 0; each < 20; each += 1)
      lanes.set(`ns/new-${each}`, { rank: NEW, expiresAt: 0, sequence: each, ...PATIENT });
    assert.equal(lanes.begin(10_000)?.key, 'ns/late');
  });

  it('as many begin as have room in their eighth, before renewals that are more urgent', () => {
    const lanes = new Lanes(32);
    for (let each = 0; each < 6; each += 1) workOn(lanes, `ns/late-${each}`, 'failed', 0);
    for (let each = 0; each < 6; each += 1) lanes.set(`ns/late-${each}`, late(each));
    for (let each = 0; each < 40; each += 1)
      lanes.set(`ns/due-${each}`, { rank: DUE, expiresAt: 0, sequence: each, ...PATIENT });
    const begun = Array.from({ length: 5 }, () => lanes.begin(10_000)?.key);
    assert.deepEqual(begun, ['ns/late-0', 'ns/late-1', 'ns/late-2', 'ns/late-3', 'ns/due-0']);
  });
});
