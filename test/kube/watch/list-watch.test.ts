import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METADATA_LIST_ONLY, METADATA_ONLY } from '../../../src/kube/client.ts';
import { refuse } from '../bad-server.ts';
import type { FakeApi, Fault } from '../fake-api.ts';
import { inSync, sleptClock, watchFake } from '../watched-cache.ts';

test('it lists, watches, and reports each change once', async () => {
  await using all = await inSync();
  assert.deepEqual(all.changes, ['added a/one', 'added a/two']);
  assert.equal(all.watch.isSynced(), true);
  all.changes.length = 0;
  all.api.put('b/three');
  all.api.put('a/one');
  all.api.remove('a/two');
  await all.holds('a/one', 'b/three');
  assert.deepEqual(all.changes, ['added b/three', 'changed a/one', 'deleted a/two']);
  assert.deepEqual(all.api.counts, { list: 1, watch: 1 });
});

test('it requests bookmarks, a random time of 5 to 10 minutes, and on request only metadata', async () => {
  await using all = await inSync({ metadataOnly: true, query: { labelSelector: 'x!=y' }, random: () => 0.5 });
  const [list, watch] = all.api.server.requests;
  assert.equal(list?.headers.accept, METADATA_LIST_ONLY);
  assert.equal(list.query.toString(), 'limit=500&labelSelector=x%21%3Dy');
  assert.equal(watch?.headers.accept, METADATA_ONLY);
  assert.deepEqual(Object.fromEntries(watch.query), {
    labelSelector: 'x!=y',
    resourceVersion: '1002',
    allowWatchBookmarks: 'true',
    timeoutSeconds: '450',
    watch: 'true',
  });
});

/** A silence that a test can wait for. */
const SHORT_MS = 400;

/** Each breaks the watch in its way; then `b/new` is created and `a/two` deleted. */
const BREAKS: readonly (readonly [name: string, lists: number, act: (api: FakeApi) => void])[] = [
  ['a clean end', 1, (api) => api.drop('end')],
  ['a reset', 1, (api) => api.drop('reset')],
  ['a connection that falls silent', 1, (api) => api.drop('silence')],
  [
    'half an event',
    1,
    (api) => {
      api.write('{"type":"ADDED","object":{"meta');
      api.drop('end');
    },
  ],
  [
    'a line that is not JSON',
    1,
    (api) => {
      api.write('<html>\n');
      api.drop('silence');
    },
  ],
  [
    'an event of a type nobody knows',
    1,
    (api) => {
      api.write('{"type":"SURPRISE","object":{}}\n');
      api.drop('silence');
    },
  ],
  [
    'an ERROR event 410',
    2,
    (api) => {
      api.write('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n');
      api.drop('silence');
    },
  ],
  [
    'an ERROR event 500',
    1,
    (api) => {
      api.write('{"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError"}}\n');
      api.drop('silence');
    },
  ],
  [
    'a compacted history',
    2,
    (api) => {
      api.drop('end');
      api.compact();
    },
  ],
];

for (const [name, lists, act] of BREAKS) {
  test(`after ${name} no change and no deletion is missed`, async () => {
    await using all = await inSync({ silence: SHORT_MS });
    all.changes.length = 0;
    act(all.api);
    all.api.put('b/new');
    all.api.remove('a/two');
    if (name === 'a compacted history') all.api.compact();
    await all.holds('a/one', 'b/new');
    assert.equal(all.api.counts.list, lists);
    assert.deepEqual(all.changes.toSorted(), ['added b/new', 'deleted a/two']);
    all.api.put('b/later');
    await all.holds('a/one', 'b/new', 'b/later');
  });
}

const REFUSALS: readonly (readonly [name: string, fault: Fault])[] = [
  ['410', (response) => refuse(response, 410, 'Expired')],
  [
    '429 with Retry-After',
    (response) => refuse(response, 429, 'TooManyRequests', {}, { 'retry-after': '1' }),
  ],
  ['500', (response) => refuse(response, 500, 'InternalError')],
  ['503', (response) => refuse(response, 503, 'ServiceUnavailable')],
  ['403', (response) => refuse(response, 403, 'Forbidden')],
  ['an HTML page', (response) => response.writeHead(502).end('<html></html>')],
  ['a reset', (response) => void response.socket?.resetAndDestroy()],
  ['a body that is cut', (response) => response.writeHead(200).end('{"items":[')],
];

for (const [name, fault] of REFUSALS) {
  test(`it continues after ${name}, for the list and for the watch`, async () => {
    await using all = await watchFake();
    all.api.faults.list.push(fault, fault);
    all.api.faults.watch.push(fault, fault);
    assert.equal(await all.watch.synced, true);
    await all.until(() => all.api.watching() === 1, 'the watch');
    all.api.put('b/new');
    await all.holds('a/one', 'a/two', 'b/new');
    assert.equal(new Set(all.changes).size, all.changes.length, 'nothing was reported twice');
    const warnings = all.lines.filter(({ level }) => level === 'warn');
    assert.ok(warnings.length <= 2, 'one line per kind of failure');
  });
}

test('a watch that is always refused is not tried in a hot loop, and its failure is logged once', async () => {
  const clock = sleptClock();
  await using all = await watchFake({ clock });
  const fault: Fault = (response) => refuse(response, 403, 'Forbidden');
  all.api.faults.watch = Array.from({ length: 1_000 }, () => fault);
  await all.until(() => clock.monotonic() >= 100_000, 'a hundred seconds to be slept');
  const tries = 1_000 - all.api.faults.watch.length;
  assert.ok(tries >= 8 && tries <= 16, `${tries} tries`);
  assert.ok(all.api.counts.list <= 3, 'a list costs far more');
  assert.equal(all.lines.filter(({ level }) => level === 'warn').length, 1);
  all.api.faults.watch.length = 0;
  await all.until(() => all.api.watching() === 1, 'the watch');
  all.api.put('b/new');
  await all.holds('a/one', 'a/two', 'b/new');
  assert.ok(all.lines.some(({ message }) => message === 'watch works again'));
});

test('a watch that is closed as soon as it opens is not tried in a hot loop', async () => {
  const clock = sleptClock();
  await using all = await watchFake({ clock });
  const fault: Fault = (response) => response.writeHead(200).end();
  all.api.faults.watch = Array.from({ length: 1_000 }, () => fault);
  await all.until(() => clock.monotonic() >= 50_000, 'fifty seconds to be slept');
  assert.ok(1_000 - all.api.faults.watch.length <= 10);
});

test('a bookmark moves the place to resume from', async () => {
  await using all = await inSync();
  const [before] = all.api.server.requests.slice(-1);
  assert.equal(before?.query.get('resourceVersion'), '1002');
  const opened = all.watch.lastEventAt() ?? 0;
  await all.until(() => Date.now() > opened, 'the next millisecond');
  all.api.compact();
  all.api.bookmark();
  await all.until(() => (all.watch.lastEventAt() ?? 0) > opened, 'the bookmark');
  all.api.drop('reset');
  all.api.put('b/new');
  await all.holds('a/one', 'a/two', 'b/new');
  assert.equal(all.api.counts.list, 1);
});

test('repeated and outdated events change nothing', async () => {
  await using all = await inSync();
  const old = all.api.put('a/one');
  const object = all.api.put('a/one');
  await all.until(() => all.changes.length === 4, 'both changes');
  for (const event of [
    { type: 'MODIFIED', object },
    { type: 'MODIFIED', object: old },
    { type: 'DELETED', object: old },
    { type: 'ADDED', object },
  ]) {
    all.api.write(`${JSON.stringify(event)}\n`);
  }
  all.api.put('b/new');
  await all.holds('a/one', 'a/two', 'b/new');
  assert.equal(all.changes.length, 5);
});

test('an object that was deleted and created again during an outage is reported with its new uid', async () => {
  await using all = await inSync({ silence: SHORT_MS });
  const before = all.cache.get('a/one');
  all.api.drop('silence');
  all.api.remove('a/one');
  all.api.put('a/one');
  all.api.compact();
  await all.until(() => all.cache.get('a/one') !== before, 'the new uid');
});

test('the objects of a CRD are deleted with the CRD', async () => {
  await using all = await inSync();
  all.api.faults.watch.push((response) => refuse(response, 404, 'NotFound'));
  all.api.faults.watch.push((response) => refuse(response, 404, 'NotFound'));
  all.api.faults.watch.push((response) => refuse(response, 404, 'NotFound'));
  all.api.faults.list.push((response) => refuse(response, 404, 'NotFound'));
  all.api.faults.list.push((response) => refuse(response, 404, 'NotFound'));
  all.api.drop('end');
  await all.holds();
  await all.holds('a/one', 'a/two');
});

test('a watch of one namespace does not change other namespaces in the same cache', async () => {
  await using all = await inSync({ path: '/api/v1/namespaces/a/secrets' });
  all.cache.set('b/other', '1', 'x');
  all.api.drop('end');
  all.api.compact();
  await all.until(() => all.api.counts.list === 2 && all.api.watching() === 1, 'the second list');
  await all.holds('a/one', 'a/two', 'b/other');
});

test('an object that cannot be read only affects itself', async () => {
  await using all = await inSync({
    transform: (object) => {
      if (JSON.stringify(object).includes('"two"')) throw new Error('SECRET');
      return 'kept';
    },
  });
  await all.holds('a/one');
  assert.ok(!JSON.stringify(all.lines).includes('SECRET'));
});

test('an object that is no longer wanted is removed', async () => {
  await using all = await inSync({
    transform: (object) => (JSON.stringify(object).includes('unwanted') ? undefined : 'kept'),
  });
  all.api.put('a/two', { is: 'unwanted' });
  await all.holds('a/one');
});

test('it reports when the API server last sent anything', async () => {
  const startedAt = Date.now();
  await using all = await inSync();
  const first = all.watch.lastEventAt() ?? 0;
  assert.ok(startedAt <= first && first <= Date.now());
  await new Promise((resolve) => setTimeout(resolve, 20));
  all.api.bookmark();
  await all.until(() => (all.watch.lastEventAt() ?? 0) > first, 'the bookmark');
});

test('stop ends watch, back-off and waiting for the first list', async () => {
  const all = await inSync();
  await all.watch.stop();
  await all.until(() => all.api.watching() === 0, 'the end of the watch');
  const { list, watch } = all.api.counts;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(all.api.counts, { list, watch });
  await all[Symbol.asyncDispose]();

  const failing = await watchFake();
  failing.api.faults.list = Array.from(
    { length: 100 },
    () => (response) => refuse(response, 500, 'InternalError'),
  );
  await failing.until(() => failing.api.faults.list.length <= 98, 'a back-off');
  await failing.watch.stop();
  assert.equal(await failing.watch.synced, false);
  await failing[Symbol.asyncDispose]();
});
