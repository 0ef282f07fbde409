import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSeriesWriter } from '../../src/kube/event-series.ts';
import { virtualClock } from '../time/virtual-clock.ts';

function writer() {
  const clock = virtualClock();
  const verbs: string[] = [];
  const note = (verb: string) => async () => {
    verbs.push(verb);
    return {};
  };
  const series = new EventSeriesWriter({
    client: { create: note('create'), mergePatch: note('patch') },
    clock,
    instance: 'pod-1',
    signal: new AbortController().signal,
  });
  const write = (uid: string): Promise<void> =>
    series.write(uid, {
      occurrence: {
        regarding: { namespace: 'ns', name: 'j', uid },
        type: 'Warning',
        reason: 'KeyNotFound',
        action: 'Ready',
        note: 'the key is not there',
      },
      times: 1,
    });
  return { clock, verbs, series, write };
}

test('series that nothing repeats are forgotten after six minutes, although others are written all the time', async () => {
  const { clock, series, write } = writer();
  for (let minute = 0; minute < 100; minute += 1) {
    await write(`of minute ${minute}`);
    await clock.advance(60_000);
  }
  assert.equal(series.size, 6);
});

test('a series that is repeated stays, and the ones between are forgotten', async () => {
  const { clock, verbs, series, write } = writer();
  for (let minute = 0; minute < 20; minute += 1) {
    await write('again');
    await write(`of minute ${minute}`);
    await clock.advance(60_000);
  }
  assert.equal(verbs.filter((verb) => verb === 'create').length, 1 + 20);
  assert.equal(series.size, 1 + 6);
});

test('of ten thousand at a time the one that was seen longest ago is forgotten', async () => {
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
