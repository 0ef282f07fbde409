import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '../bad-server.ts';
import { watchFake } from '../watched-cache.ts';

test('a watch that has had no event yet is opened again without a warning', async () => {
  await using all = await watchFake({ silence: 50 });
  await all.until(() => all.api.watching() === 1, 'the watch');
  await all.until(() => all.api.counts.watch >= 3, 'a third watch');
  all.api.put('b/new');
  await all.holds('a/one', 'a/two', 'b/new');
  assert.deepEqual(
    all.lines.filter(({ level }) => level !== 'debug'),
    [],
  );
  assert.equal(all.api.counts.list, 1);
});

test('a watch that is silent after a bookmark is reported: bookmarks are sent every minute', async () => {
  await using all = await watchFake({ silence: 50 });
  await all.until(() => all.api.watching() === 1, 'the watch');
  all.api.bookmark();
  await all.until(() => all.api.counts.watch >= 2, 'the next watch');
  assert.equal(all.lines.filter(({ message }) => message === 'watch interrupted').length, 1);
});

test('after an outage, a watch that stays open without an event counts as working', async () => {
  await using all = await watchFake({ silence: 50 });
  await all.until(() => all.api.watching() === 1, 'the watch');
  all.api.faults.watch.push((response) => refuse(response, 500, 'InternalError'));
  all.api.drop('end');
  await all.until(() => all.lines.some(({ message }) => message === 'watch works again'), 'the good news');
  assert.equal(all.lines.filter(({ message }) => message === 'watch interrupted').length, 1);
});

test('an event that a proxy holds back until the watch ends is received: the watch is asked to end in time', async () => {
  const silence = 1_500;
  await using all = await watchFake({ silence });
  await all.until(() => all.api.watching() === 1, 'the watch');
  const { handler } = all.api.server;
  const times: number[] = [];
  all.api.server.handler = (request, response) => {
    if (request.query.get('watch') !== 'true') {
      handler(request, response);
      return;
    }
    const held: unknown[] = [];
    const seconds = Number(request.query.get('timeoutSeconds'));
    times.push(seconds * 1_000);
    // Ten times as soon, so that a busy machine is not later than the silence.
    const end = setTimeout(() => {
      for (const chunk of held) write(chunk);
      response.end();
    }, seconds * 100);
    response.on('close', () => clearTimeout(end));
    const write = response.write.bind(response);
    response.write = (chunk: unknown) => held.push(chunk) > 0;
    handler(request, response);
  };
  all.api.drop('end');
  all.api.put('b/new');
  await all.holds('a/one', 'a/two', 'b/new');
  const [usual = 0, afterSilence = 0] = times;
  assert.ok(usual > silence && afterSilence < silence, String(times));
  assert.equal(all.api.counts.list, 1);
  assert.deepEqual(
    all.lines.filter(({ level }) => level !== 'debug'),
    [],
  );
});
