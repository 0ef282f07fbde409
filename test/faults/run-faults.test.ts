import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openFakeArena } from './fake-arena.ts';
import { ALONE, type Fault, type FaultResult } from './fault.ts';
import { playAll } from './run-faults.ts';

describe('a run of the fault suite', () => {
  it('reports a fault that does not end, and plays the next one', async () => {
    await using arena = openFakeArena();
    const named = (name: string, play: Fault['play']): Fault => ({
      ...ALONE,
      name,
      title: name,
      tries: { short: 1, full: 1 },
      play,
    });
    const results: FaultResult[] = [];
    await playAll([named('endless', () => new Promise(() => {})), named('next', async () => {})], arena, {
      short: true,
      endsWithinMs: 100,
      onResult: (result) => void results.push(result),
    });
    const late = { invariant: 'recovery', what: 'it had not ended after 0.1 s' };
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
});
