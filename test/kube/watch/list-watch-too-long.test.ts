import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchFake } from '../watched-cache.ts';

/** Members in the order of kube-apiserver for built-in kinds, with more data than is read. */
function longObject(name: string, resourceVersion: string): string {
  const metadata = { name, namespace: 'a', uid: `uid-${name}`, resourceVersion };
  return JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata, data: { x: 'x'.repeat(5_000_000) } });
}

test('an object that is too long only affects itself: others are listed, its events are skipped', async () => {
  await using all = await watchFake();
  all.api.faults.list.push((response) => {
    const metadata = { name: 'one', namespace: 'a', uid: 'u', resourceVersion: '1001' };
    const items = [longObject('two', '1002'), JSON.stringify({ metadata })];
    response.writeHead(200);
    response.end(
      `{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1002"},"items":[${items.join()}]}`,
    );
  });
  await all.holds('a/one');
  await all.until(() => all.api.watching() === 1, 'the watch');
  all.api.write(`{"type":"MODIFIED","object":${longObject('one', '1003')}}\n`);
  all.api.put('b/new');
  await all.holds('b/new');
  assert.deepEqual(all.api.counts, { list: 0, watch: 1 });
  const warnings = all.lines.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warnings.map(({ fields }) => fields),
    ['two', 'one'].map((name) => ({ resource: 'secrets', namespace: 'a', name, longest: 4_194_304 })),
  );
});

test('a text that looks like a name in an object that is too long deletes no other object', async () => {
  await using all = await watchFake();
  await all.until(() => all.api.watching() === 1, 'the watch');
  const annotations = { name: 'one', namespace: 'a', uid: 'u', resourceVersion: '9999' };
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { annotations, name: 'evil' },
    x: 'x'.repeat(5_000_000),
  };
  all.api.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  all.api.put('b/new');
  await all.holds('a/one', 'a/two', 'b/new');
  assert.equal(all.lines.filter(({ message }) => message.includes('too long')).length, 1);
});
