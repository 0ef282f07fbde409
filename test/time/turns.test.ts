import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '../../src/time/turns.ts';

test('after 10 ms the event loop gets a turn, and its waiting callbacks run first', async () => {
  let time = 1_000;
  const turns = new Turns({ monotonic: () => time });
  const order: string[] = [];
  setImmediate(() => order.push('other work'));
  await turns.next();
  order.push('parsing');
  assert.deepEqual(order, ['other work', 'parsing']);
  time += 10;
  assert.equal(turns.isDue(), false);
  time += 1;
  assert.equal(turns.isDue(), true);
  await turns.next();
  assert.equal(turns.isDue(), false);
});
