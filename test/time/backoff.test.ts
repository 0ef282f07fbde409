import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeBackoff, FEW_TRIES, MANY_TRIES } from '../../src/time/backoff.ts';

it('waits are described in words: the first two, and the longest', () => {
  assert.equal(describeBackoff(MANY_TRIES), '1 s, 2 s … 5 min');
  assert.equal(describeBackoff({ ...FEW_TRIES, longest: 90_000 }), '1 s, 2 s … 1 min 30 s');
});
