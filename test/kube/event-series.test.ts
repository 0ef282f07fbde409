import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../src/kube/errors.ts';
import { EventSeriesWriter, type WaitingEvent } from '../../src/kube/event-series.ts';
import { member, objectMember, type JsonObject } from '../../src/resources/json.ts';
import { virtualClock } from '../time/virtual-clock.ts';

/** `answer` can throw. */
function writer(answer: (verb: string) => void = () => {}) {
  const clock = virtualClock();
  const verbs: string[] = [];
  const counts: unknown[] = [];
  const note = (verb: string) => async (_path: string, body: JsonObject) => {
    verbs.push(verb);
    answer(verb);
    const count = member(objectMember(body, 'series'), 'count');
    if (count !== undefined) counts.push(count);
    return {};
  };
  const series = new EventSeriesWriter({
    client: { create: note('create'), mergePatch: note('patch') },
    clock,
    instance: 'pod-1',
    signal: new AbortController().signal,
  });
  const waiting = (uid: string, times = 1): WaitingEvent => ({
    occurrence: {
      regarding: { namespace: 'ns', name: 'j', uid },
      type: 'Warning',
      reason: 'KeyNotFound',
      action: 'Ready',
      note: 'the key is not there',
    },
    times,
  });
  const write = (uid: string): Promise<void> => series.write(uid, waiting(uid));
  return { clock, verbs, counts, series, waiting, write };
}

test('series without repetition are forgotten after six minutes, although others are written all the time', async () => {
  const { clock, series, write } = writer();
  for (let minute = 0; minute < 100; minute += 1) {
    await write(`of minute ${minute}`);
    await clock.advance(60_000);
  }
  assert.equal(series.size, 6);
});

test('a repeated series stays, and the others are forgotten', async () => {
  const { clock, verbs, series, write } = writer();
  for (let minute = 0; minute < 20; minute += 1) {
    await write('again');
    await write(`of minute ${minute}`);
    await clock.advance(60_000);
  }
  assert.equal(verbs.filter((verb) => verb === 'create').length, 1 + 20);
  assert.equal(series.size, 1 + 6);
});

test('with more than ten thousand, the one that was not repeated for the longest time is forgotten', async () => {
  const { verbs, series, write } = writer();
  for (let number = 0; number < 12_000; number += 1) {
    await write('again');
    await write(`${number}`);
  }
  assert.equal(series.size, 10_000);
  const created = (): number => verbs.filter((verb) => verb === 'create').length;
  assert.equal(created(), 1 + 12_000);
  await write('11999');
  assert.equal(created(), 1 + 12_000);
  await write('0');
  assert.equal(created(), 1 + 12_001);
});

test('ten thousand repeated series are each created once', async () => {
  const { verbs, write } = writer();
  for (const verb of ['create', 'patch']) {
    for (let number = 0; number < 10_000; number += 1) await write(`${number}`);
    assert.ok(verbs.splice(0).every((each) => each === verb));
  }
});

test('an Event that replaces a deleted one contains the repetitions that were not counted yet', async () => {
  const failures: number[] = [];
  const { clock, verbs, counts, series, waiting, write } = writer((verb) => {
    const status = verb === 'patch' ? failures.shift() : undefined;
    if (status !== undefined) throw new KubeError({ verb, resource: 'events', status, reason: 'Test' });
  });
  await write('again');
  await write('again');
  await write('again'); // less than a minute after the one before: only counted
  await clock.advance(60_000);
  failures.push(503, 404);
  const entry = waiting('again', 4);
  await assert.rejects(series.write('again', entry));
  await series.write('again', entry);
  await write('again');
  assert.deepEqual(verbs, ['create', 'patch', 'patch', 'patch', 'create', 'patch']);
  assert.deepEqual(counts, [2, 1 + 4 + 1]);
});
