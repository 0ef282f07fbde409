import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cache } from '../../../src/kube/watch/cache.ts';
import { startListWatch, type ListWatch } from '../../../src/kube/watch/list-watch.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { objectMember, stringMember, type JsonObject } from '../../../src/resources/json.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { SILENT, startRealCluster, until, type RealCluster } from '../real-cluster.ts';

let cluster: RealCluster<ControlPlane>;
before(async () => {
  cluster = await startRealCluster();
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

const COLLECTION = '/api/v1/namespaces/default/secrets';

function put(name: string, labels = {}): Promise<JsonObject> {
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels },
    stringData: { at: `${Date.now()}` },
  };
  return cluster.admin.apply(`${COLLECTION}/${name}`, body, { force: true });
}

/** Watches as the service does: `managed=true` with data, or the other Secrets without. */
async function watchSecrets(selector: string, metadataOnly: boolean, silence?: number) {
  const cache = new Cache<string>();
  const seen: JsonObject[] = [];
  const changes: string[] = [];
  cache.subscribe(({ type, key }) => changes.push(`${type} ${key}`));
  const watch: ListWatch = startListWatch({
    client: cluster.service,
    path: '/api/v1/secrets',
    query: { labelSelector: selector },
    metadataOnly,
    transform: (object) => {
      seen.push(object);
      return stringMember(objectMember(object, 'metadata'), 'resourceVersion');
    },
    store: cache,
    clock: systemClock,
    log: SILENT,
    ...(silence === undefined ? {} : { silence }),
  });
  assert.equal(await watch.synced, true);
  return { cache, seen, changes, watch, [Symbol.asyncDispose]: () => watch.stop() };
}

test('two watches share the Secrets by label, and one of them never gets data', async () => {
  await put('foreign-before');
  await put('ours-before', { managed: 'true' });
  await using ours = await watchSecrets('managed=true', false);
  await using others = await watchSecrets('managed!=true', true);
  await put('foreign-after');
  await put('ours-after', { managed: 'true' });
  await until(() => ours.cache.size === 2 && others.cache.get('default/foreign-after') !== undefined, 'both');
  assert.ok(ours.seen.every((object) => object['kind'] === 'Secret' && object['data'] !== undefined));
  assert.ok(others.seen.every((object) => object['data'] === undefined));
  assert.ok(others.seen.every((object) => object['kind'] === 'PartialObjectMetadata'));
  assert.equal(others.cache.get('default/ours-after'), undefined);

  await cluster.controlPlane.kubectl(['label', 'secret', 'ours-after', 'managed-', '-n', 'default']);
  await until(() => others.cache.get('default/ours-after') !== undefined, 'the Secret among the others');
  await until(() => ours.cache.get('default/ours-after') === undefined, 'its end among ours');
});

test('after the API server was killed and restarted every change is known', async () => {
  await put('killed-stays');
  await put('killed-goes');
  await using all = await watchSecrets('managed!=true', true);
  await cluster.controlPlane.apiServer.kill();
  await cluster.controlPlane.apiServer.restart();
  await until(
    () =>
      put('killed-comes').then(
        () => true,
        () => false,
      ),
    'the API server',
  );
  await cluster.controlPlane.kubectl(['delete', 'secret', 'killed-goes', '-n', 'default']);
  await until(() => all.cache.get('default/killed-comes') !== undefined, 'the new one');
  await until(() => all.cache.get('default/killed-goes') === undefined, 'the deletion');
  assert.ok(all.cache.get('default/killed-stays') !== undefined);
});

test('a frozen API server is noticed, and missed changes are reported when it continues', async () => {
  await using all = await watchSecrets('managed!=true', true, 1_000);
  await put('still-before');
  await until(() => all.cache.get('default/still-before') !== undefined, 'the first');
  cluster.controlPlane.apiServer.pause();
  await systemClock.sleep(3_000); // longer than the silence that the watch accepts
  cluster.controlPlane.apiServer.resume();
  await put('still-after');
  await until(() => all.cache.get('default/still-after') !== undefined, 'the second');
});

test('objects of a deleted CRD are deleted, and those of a re-created one are added', async () => {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };
  const { admin, controlPlane } = cluster;
  const install = async (): Promise<void> => {
    await admin.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
    const thing = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 't' } };
    const made = (): Promise<boolean> =>
      admin.create('/apis/example.org/v1/namespaces/default/things', thing).then(
        () => true,
        () => false,
      );
    await until(made, 'the first object');
  };
  const cache = new Cache<string>();
  const watch = startListWatch({
    client: admin,
    path: '/apis/example.org/v1/things',
    transform: (object) => stringMember(object, 'kind'),
    store: cache,
    clock: systemClock,
    log: SILENT,
  });
  try {
    await install();
    await until(() => cache.get('default/t') === 'Thing', 'the object');
    await controlPlane.kubectl(['delete', 'crd', 'things.example.org']);
    await until(() => cache.size === 0, 'its end');
    await install();
    await until(() => cache.get('default/t') === 'Thing', 'its return', 60_000);
  } finally {
    await watch.stop();
  }
});
