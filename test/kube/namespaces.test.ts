import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { startNamespaceDefaults } from '../../src/kube/namespaces.ts';
import { systemClock } from '../../src/time/clock.ts';
import { waitUntil } from '../controlplane/wait-until.ts';

const LABEL = 'tokens.osg-htc.org/token';

function defaultsWith(get: KubeClient['get']) {
  const asked: string[] = [];
  const warnings: (readonly unknown[])[] = [];
  const known = { metadata: { name: 'known', resourceVersion: '1', labels: { [LABEL]: 'my-jwt' } } };
  const namespaces = startNamespaceDefaults({
    client: {
      listMapped: async (_path, { map }) => ({ items: [map(known)], resourceVersion: '1' }),
      watch: async function* (_path, _options, signal) {
        await systemClock.sleep(3_600_000, signal);
        yield* [];
      },
      get: (path, options) => {
        asked.push(path);
        return get(path, options);
      },
    },
    clock: systemClock,
    log: { debug: () => {}, info: () => {}, warn: (...line: readonly unknown[]) => void warnings.push(line) },
  });
  const asker = { owner: 'test', signal: new AbortController().signal };
  const lookUp = (namespace: string) => namespaces.lookUp(namespace, asker);
  return { asked, warnings, ...namespaces, lookUp, [Symbol.asyncDispose]: namespaces.stop };
}

test('a label in the cache is answered without a request', async () => {
  await using all = defaultsWith(async () => assert.fail('asked'));
  await waitUntil('the list', 30_000, () => all.isSynced());
  assert.deepEqual(await all.lookUp('known'), { known: true, token: 'my-jwt' });
});

test('an unknown namespace is read once for all waiting callers', async () => {
  await using all = defaultsWith(async () => {
    await systemClock.sleep(20);
    return { metadata: { name: 'x', labels: { [LABEL]: 'fresh' } } };
  });
  const answers = await Promise.all([all.lookUp('x'), all.lookUp('x'), all.lookUp('x')]);
  assert.deepEqual(
    answers,
    Array.from({ length: 3 }, () => ({ known: true, token: 'fresh' })),
  );
  assert.equal(all.asked.length, 1);
  await all.lookUp('x');
  assert.equal(all.asked.length, 2);
});

test('a blank label and a missing namespace give no default', async () => {
  await using blank = defaultsWith(async () => ({ metadata: { labels: { [LABEL]: '' } } }));
  assert.deepEqual(await blank.lookUp('x'), { known: true, token: undefined });
  await using missing = defaultsWith(async () => {
    throw new KubeError({ verb: 'get', resource: 'namespaces', status: 404, reason: 'NotFound' });
  });
  assert.deepEqual(await missing.lookUp('x'), { known: true, token: undefined });
});

test('a missing answer gives no default, and the log has the reason', async () => {
  await using all = defaultsWith(async () => {
    throw new KubeError({ verb: 'get', resource: 'namespaces', status: 0, reason: 'Deadline' });
  });
  assert.deepEqual(await all.lookUp('x'), { known: false });
  const words = 'the default of a namespace could not be read';
  assert.deepEqual(all.warnings, [[{ namespace: 'x', reason: 'Deadline', times: 1 }, words]]);
});
