import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LineLimit } from '../../src/telemetry/line-limit.ts';

it('a limited line is logged at once, then once a minute with a summary of the time between', () => {
  let now = 5;
  const limit = new LineLimit({ monotonic: () => now });
  assert.equal(limit.count(2), 2);
  now += 59_999;
  assert.equal(limit.count(1), undefined);
  assert.equal(limit.count(3), undefined);
  now += 1;
  assert.equal(limit.count(1), 5);
  assert.equal(limit.count(1), undefined);
});

it('a limited line is logged once a minute for each cause, also if they alternate', () => {
  let now = 0;
  const limit = new LineLimit({ monotonic: () => now });
  const lines: unknown[] = [];
  for (; now <= 120_000; now += 10_000) {
    const cause = now % 20_000 === 0 ? 'update ServiceUnavailable' : 'update Unreachable';
    const count = limit.count(1, cause);
    if (count !== undefined) lines.push([now, cause, count]);
  }
  assert.deepEqual(lines, [
    [0, 'update ServiceUnavailable', 1],
    [10_000, 'update Unreachable', 1],
    [60_000, 'update ServiceUnavailable', 3],
    [70_000, 'update Unreachable', 3],
    [120_000, 'update ServiceUnavailable', 3],
  ]);
});

it('up to a hundred causes are remembered; then the one with the oldest line is forgotten', () => {
  const limit = new LineLimit({ monotonic: () => 0 });
  for (let number = 0; number < 100; number += 1) assert.equal(limit.count(1, `${number}`), 1);
  assert.equal(limit.count(1, '0'), undefined);
  assert.equal(limit.count(1, 'one more'), 1);
  assert.equal(limit.count(1, '0'), 1);
  assert.equal(limit.count(1, '2'), undefined);
});

it('a limited line does not mention zero counts, and includes the remaining ones', () => {
  let now = 0;
  const limit = new LineLimit({ monotonic: () => now });
  assert.equal(limit.count(0), undefined);
  assert.equal(limit.count(1), 1);
  assert.equal(limit.count(2), undefined);
  now += 60_000;
  assert.equal(limit.count(0), 2);
  assert.equal(limit.count(0), undefined);
  assert.equal(limit.count(4), undefined);
  assert.equal(limit.flush(), 4);
  assert.equal(limit.flush(), undefined);
});
