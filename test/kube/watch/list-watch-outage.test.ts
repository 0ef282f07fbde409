import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '../bad-server.ts';
import type { Fault } from '../fake-api.ts';
import { hurriedClock, inSync, sleptClock, watchFake } from '../watched-cache.ts';

const down: Fault = (response) => refuse(response, 503, 'ServiceUnavailable');

test('after an outage a 410 is followed by a list at once: the API server works', async () => {
  const slept: number[] = [];
  const clock = {
    ...hurriedClock,
    sleep: (ms: number, signal?: AbortSignal) => {
      slept.push(ms);
      return hurriedClock.sleep(ms, signal);
    },
  };
  await using all = await watchFake({ clock });
  await all.until(() => all.api.watching() === 1, 'the watch');
  const expired: Fault = (response) => {
    slept.length = 0;
    refuse(response, 410, 'Expired');
  };
  all.api.faults.watch.push(down, down, down, down, expired);
  all.api.drop('end');
  await all.until(() => all.api.counts.list === 2, 'the second list');
  assert.deepEqual(slept, [], 'nothing was waited for after the 410');
});

test('the time of a slow list does not count for the watch after it', async () => {
  const slept: number[] = [];
  const base = sleptClock();
  let listed = 0;
  const clock = {
    ...base,
    monotonic: () => base.monotonic() + listed,
    sleep: (ms: number, signal?: AbortSignal) => {
      slept.push(ms);
      return base.sleep(ms, signal);
    },
  };
  await using all = await watchFake({
    clock,
    random: () => 0,
    transform: () => {
      listed += 30_000;
      return 'kept';
    },
  });
  all.api.faults.watch = Array.from(
    { length: 1_000 },
    () => (response) => refuse(response, 403, 'Forbidden'),
  );
  await all.until(() => slept.length >= 6, 'six waits');
  assert.deepEqual(slept.slice(0, 6), [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

test('after an outage in which the due list failed, too, the watch goes on from where it was, without a list', async () => {
  await using all = await inSync({ clock: sleptClock() });
  let listed = 0;
  all.api.faults.list.push((response, request) => {
    listed += 1;
    down(response, request);
  });
  all.api.faults.watch = Array.from({ length: 31 }, () => down);
  all.api.drop('end');
  all.api.remove('a/two');
  all.api.put('b/new');
  await all.holds('a/one', 'b/new');
  assert.equal(listed, 1);
  assert.deepEqual(all.api.counts, { list: 1, watch: 2 });
});

for (const [name, fault, reason] of [
  ['are refused', down, 'ServiceUnavailable'],
  ['end as soon as they begin', (response) => response.writeHead(200).end(), 'Malformed'],
] satisfies readonly (readonly [string, Fault, string])[]) {
  test(`where watches ${name} and lists do not, the store follows the lists, and one warning says why`, async () => {
    await using all = await inSync({ clock: sleptClock() });
    all.api.faults.watch = Array.from({ length: 1_000 }, () => fault);
    all.api.drop('end');
    all.api.remove('a/two');
    all.api.put('b/new');
    await all.holds('a/one', 'b/new');
    assert.deepEqual(all.api.counts, { list: 2, watch: 1 });
    assert.equal(all.lines.filter(({ level }) => level === 'warn').length, 1);
    assert.equal(all.watch.problem(), reason);
  });
}
