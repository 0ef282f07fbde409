import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LineLimit } from '../../src/telemetry/line-limit.ts';

it('a limited line is logged at once, then once a minute with what happened meanwhile', () => {
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

it('a limited line is logged at once for another cause, with what was not logged before', () => {
  const limit = new LineLimit({ monotonic: () => 0 });
  assert.equal(limit.count(1, 'create Forbidden'), 1);
  assert.equal(limit.count(1, 'create Forbidden'), undefined);
  assert.equal(limit.count(1, 'patch Forbidden'), 2);
  assert.equal(limit.count(1, 'create Forbidden'), 1);
});
