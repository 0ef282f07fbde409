import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { METADATA_ONLY } from '../../src/kube/client.ts';
import {
  isConflict,
  isDenied,
  isNamespaceTerminating,
  isNotFound,
  KubeError,
} from '../../src/kube/errors.ts';
import { startNamespaceDefaults } from '../../src/kube/namespaces.ts';
import { resourcePath } from '../../src/kube/resource-path.ts';
import { systemClock } from '../../src/time/clock.ts';
import { member, objectMember, stringMember } from '../../src/resources/json.ts';
import { SILENT, borrowRealCluster, until, type RealCluster } from './real-cluster.ts';

/** A name that no other file uses. */
const NAMESPACE = 'client';

let cluster: RealCluster;
before(async () => {
  cluster = await borrowRealCluster();
  await cluster.controlPlane.createNamespace(NAMESPACE);
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

const secretPath = (name?: string): string =>
  resourcePath(
    { group: '', version: 'v1', plural: 'secrets' },
    { namespace: NAMESPACE, ...(name === undefined ? {} : { name }) },
  );
const secret = (name: string, token: string, metadata = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, ...metadata },
  data: { token: Buffer.from(token).toString('base64') },
});
const rejection = async (promise: Promise<unknown>): Promise<KubeError> => {
  const error: unknown = await promise.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof KubeError);
  return error;
};

test('an apply creates a Secret and keeps the data of others', async () => {
  const { admin, service } = cluster;
  const query = { fieldValidation: 'Strict' };
  await service.apply(secretPath('mine'), secret('mine', 'one'), { force: false, query });
  await admin.mergePatch(secretPath('mine'), { data: { theirs: 'eA==' }, metadata: { labels: { x: 'y' } } });
  const stored = await service.apply(secretPath('mine'), secret('mine', 'two'), { force: true });
  assert.deepEqual(member(stored, 'data'), { token: 'dHdv', theirs: 'eA==' });
  assert.deepEqual(member(objectMember(stored, 'metadata'), 'labels'), { x: 'y' });
});

test('an apply over a field of another manager is a conflict that names the field', async () => {
  const { admin, service } = cluster;
  await admin.create(secretPath(), secret('theirs', 'one'), { query: { fieldManager: 'somebody' } });
  const problem = await rejection(
    service.apply(secretPath('theirs'), secret('theirs', 'two'), { force: false }),
  );
  assert.ok(isConflict(problem));
  assert.deepEqual(problem.causes, [{ field: '.data.token', reason: 'FieldManagerConflict' }]);
  assert.equal(
    problem.message,
    'apply secrets client/theirs: 409 Conflict (.data.token FieldManagerConflict)',
  );
});

test('an apply or patch over an outdated resourceVersion is a conflict', async () => {
  const { service } = cluster;
  const first = await service.apply(secretPath('moved'), secret('moved', 'one'), { force: false });
  const resourceVersion = stringMember(objectMember(first, 'metadata'), 'resourceVersion');
  await service.apply(secretPath('moved'), secret('moved', 'two', { resourceVersion }), { force: true });
  const again = secret('moved', 'three', { resourceVersion });
  assert.ok(isConflict(await rejection(service.apply(secretPath('moved'), again, { force: true }))));
  assert.ok(isConflict(await rejection(service.mergePatch(secretPath('moved'), again))));
});

test('a refusal quotes no value', async () => {
  const { service } = cluster;
  const body = { ...secret('bad', 'x'), data: { 'no/key': 'c2VjcmV0LXZhbHVl' }, type: 'Opaque' };
  const problem = await rejection(service.apply(secretPath('bad'), body, { force: true }));
  assert.equal(problem.status, 422);
  assert.doesNotMatch(problem.message, /c2VjcmV0|secret-value/);
});

test('missing and forbidden objects are distinguished', async () => {
  const { service } = cluster;
  assert.ok(isNotFound(await rejection(service.get(secretPath('absent')))));
  const problem = await rejection(service.get(`/api/v1/namespaces/${NAMESPACE}/configmaps/x`));
  assert.ok(isDenied(problem));
  assert.equal(problem.message, 'get configmaps client/x: 403 Forbidden');
});

test('only metadata is returned on request, also by an apply', async () => {
  const { service } = cluster;
  const body = secret('lean', 'one');
  const stored = await service.apply(secretPath('lean'), body, { force: true, accept: METADATA_ONLY });
  assert.equal(stored['kind'], 'PartialObjectMetadata');
  assert.equal(stored['data'], undefined);
  assert.equal((await service.get(secretPath('lean'), { accept: METADATA_ONLY }))['data'], undefined);
});

test('600 Secrets come in pages', async () => {
  const { service } = cluster;
  const names = Array.from({ length: 600 }, (_, index) => `many-${index}`);
  const worker = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      await service.apply(secretPath(name), secret(name, name), { force: true });
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  const { items } = await service.list(`/api/v1/namespaces/${NAMESPACE}/secrets`);
  const found = items.filter((item) =>
    stringMember(objectMember(item, 'metadata'), 'name')?.startsWith('many-'),
  );
  assert.equal(found.length, 600);
  assert.ok(items.every((item) => item['kind'] === 'Secret' && item['apiVersion'] === 'v1'));
});

test('nothing can be created in a namespace that is being deleted', async () => {
  const { controlPlane, admin, service } = cluster;
  await controlPlane.createNamespace('client-going');
  const finalizers = { metadata: { finalizers: ['example.org/stay'] } };
  await admin.create('/api/v1/namespaces/client-going/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'stays', ...finalizers.metadata },
  });
  await controlPlane.kubectl(['delete', 'namespace', 'client-going', '--wait=false']);
  const path = '/api/v1/namespaces/client-going/secrets/x';
  const problem = await rejection(service.apply(path, secret('x', 'x'), { force: true }));
  assert.equal(problem.status, 403);
  assert.ok(isNamespaceTerminating(problem));
  await admin.mergePatch('/api/v1/namespaces/client-going/configmaps/stays', {
    metadata: { finalizers: [] },
  });
});

test('a namespace’s label is known at once, changes soon, and a namespace without it is read', async () => {
  const { controlPlane, service } = cluster;
  const namespaces = startNamespaceDefaults({ client: service, clock: systemClock, log: SILENT });
  const asker = { owner: 'test', signal: new AbortController().signal };
  try {
    await until(namespaces.isSynced, 'the namespaces');
    await controlPlane.createNamespace('client-labelled');
    assert.deepEqual(await namespaces.lookUp('client-labelled', asker), { known: true, token: undefined });
    await controlPlane.kubectl(['label', 'namespace', 'client-labelled', 'tokens.osg-htc.org/token=my-jwt']);
    assert.deepEqual(await namespaces.lookUp('client-labelled', asker), { known: true, token: 'my-jwt' });
    await controlPlane.kubectl([
      'label',
      '--overwrite',
      'namespace',
      'client-labelled',
      'tokens.osg-htc.org/token=other',
    ]);
    const valueNow = async (): Promise<string | undefined> => {
      const label = await namespaces.lookUp('client-labelled', asker);
      return label.known ? label.token : assert.fail('it is not known');
    };
    await until(async () => (await valueNow()) === 'other', 'the new value');
    await controlPlane.kubectl(['label', 'namespace', 'client-labelled', 'tokens.osg-htc.org/token-']);
    await until(async () => (await valueNow()) === undefined, 'its end');
    assert.deepEqual(await namespaces.lookUp('nowhere', asker), { known: true, token: undefined });
  } finally {
    await namespaces.stop();
  }
});
