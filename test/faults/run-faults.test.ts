import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFakeArena } from './fake-arena.ts';
import { ALONE, type Fault, type FaultResult } from './fault.ts';
import { playAll } from './run-faults.ts';

const named = (name: string, play: Fault['play']): Fault => ({
  ...ALONE,
  name,
  title: name,
  tries: { short: 1, full: 1 },
  play,
});

describe('a run of the fault suite', () => {
  it('reports a fault that does not end, and plays the next one', async () => {
    await using arena = openFakeArena();
    const results: FaultResult[] = [];
    await playAll([named('endless', () => new Promise(() => {})), named('next', async () => {})], arena, {
      short: true,
      endsWithinMs: 3_000, // long enough for the next one on a busy machine
      onResult: (result) => void results.push(result),
    });
    const late = {
      invariant: 'recovery',
      what: 'it had not ended after 3 s; what follows may be its doing',
    };
    assert.deepEqual(
      results.map(({ name, violations }) => ({ name, violations })),
      [
        { name: 'endless', violations: [late] },
        { name: 'next', violations: [] },
        { name: 'reviews', violations: [] },
        { name: 'witness', violations: [] },
      ],
    );
  });

  it('that fails ends its witnesses', async () => {
    await using arena = openFakeArena();
    let asked = 0;
    const sendReview: typeof arena.sendReview = (...args) => {
      asked += 1;
      return arena.sendReview(...args);
    };
    const onResult = (): void => {
      throw new Error('the disk is full');
    };
    const playing = playAll(
      [named('short', async () => {})],
      { ...arena, sendReview },
      { short: true, onResult },
    );
    await assert.rejects(playing, new Error('the disk is full'));
    const before = asked;
    await sleep(1_000); // two pauses
    assert.deepEqual([before > 0, asked], [true, before]);
  });
});
