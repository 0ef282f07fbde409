import assert from 'node:assert/strict';
import { it } from 'node:test';
import { WritePace } from '../../src/certificate-loop/write-pace.ts';

it('five writes are sent at once, each next one waits longer, and ten quiet minutes reset that', () => {
  const pace = new WritePace();
  const waits: number[] = [];
  const notes: boolean[] = [];
  let now = 1_000_000;
  for (let write = 0; write < 16; write += 1) {
    waits.push(pace.waitAt(now));
    now += pace.waitAt(now);
    notes.push(pace.note(now));
  }
  assert.deepEqual(waits.slice(0, 9), [0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
  assert.ok(Math.max(...waits) <= 300_000 && (waits.at(-1) ?? 0) >= 200_000);
  assert.deepEqual(
    notes.flatMap((isNoted, write) => (isNoted ? [write] : [])),
    [5],
  );
  assert.equal(pace.waitAt(now + 600_000), 0);
});
