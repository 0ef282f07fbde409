import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { watchCluster } from '../../src/cluster-state/watch-cluster.ts';
import { observeKey } from '../../src/loop/observe-key.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { makeJwt, wireJwt } from '../fixtures/jwts.ts';
import { clientOf, clusterAt, refuse, startBadServer } from '../kube/bad-server.ts';

/** Longer than an answer of a server in this process takes on a busy machine. */
const WITHIN_MS = 30_000;

it('JWTs are listed before the Secrets with our label, which only count if they have a JWT', async () => {
  const answers: (() => void)[] = [];
  await using server = await startBadServer((request, response) => {
    response.writeHead(200);
    if (request.query.get('watch') === 'true') response.flushHeaders();
    else answers.push(() => response.end('{"metadata":{"resourceVersion":"1"},"items":[]}'));
  });
  await using client = clientOf(clusterAt(server.url));
  const cluster = watchCluster(client, pino({ level: 'silent' }), undefined);
  const asked = (): readonly string[] =>
    server.requests
      .filter(({ query }) => query.get('watch') === null)
      .map(({ path, query }) => `${path.split('/').at(-1)} ${query.get('labelSelector') ?? ''}`);
  await server.received(2);
  assert.deepEqual(asked().toSorted(), ['jwts ', 'secrets tokens.osg-htc.org/managed!=true']);
  for (const answer of answers.splice(0)) answer();
  await waitUntil('the next list', WITHIN_MS, () => answers.length > 0);
  assert.equal(asked().at(-1), 'secrets tokens.osg-htc.org/managed=true');
  for (const answer of answers) answer();
  assert.equal(await cluster.synced, true);
  await cluster.stop();
});

const wire = (namespace: string) => {
  const { kind: _kind, apiVersion: _version, ...jwt } = wireJwt({}, { metadata: { namespace } });
  return jwt;
};

/**
 * Answers lists with one JWT in each namespace and no Secret. Paths for which `isClosed` is true are refused,
 * those of `isSilent` get no answer; watches stay silent.
 */
const startApi = (isClosed: (path: string) => boolean, isSilent = (_path: string): boolean => false) =>
  startBadServer((request, response) => {
    const { path, query } = request;
    const namespace = path.split('/').at(-2) ?? '';
    if (isSilent(path)) return response;
    if (isClosed(path)) return refuse(response, 403, 'Forbidden');
    response.writeHead(200);
    if (query.get('watch') === 'true') return response.flushHeaders();
    const items = path.endsWith('/jwts') ? [wire(namespace)] : [];
    return response.end(JSON.stringify({ metadata: { resourceVersion: '8' }, items }));
  });

it('a namespace that cannot be read delays no other, and is used once it can be read', async () => {
  let isClosed = true;
  await using server = await startApi((path) => isClosed && path.includes('/namespaces/b/'));
  await using client = clientOf(clusterAt(server.url));
  const cluster = watchCluster(client, pino({ level: 'silent' }), ['a', 'b']);
  const seen: string[] = [];
  cluster.subscribe({
    jwtChanged: (_before, after) => seen.push(after?.namespace ?? ''),
    secretChanged: () => undefined,
    tokenKept: () => undefined,
  });
  assert.equal(await cluster.synced, true);
  assert.deepEqual(
    [...cluster.jwts()].map(({ namespace }) => namespace),
    ['a'],
  );
  assert.equal(cluster.sources.jwt('b', 'my-jwt'), undefined, 'its Secrets are not known yet');
  isClosed = false;
  await waitUntil('the JWT in b', WITHIN_MS, () => seen.includes('b'));
  assert.equal(cluster.sources.jwt('b', 'my-jwt')?.namespace, 'b');
  await cluster.stop();
});

it('a key in a namespace that is not listed yet is not reported as missing until the list is complete', async () => {
  let isClosed = true;
  await using server = await startBadServer((request, response) => {
    const { path, query } = request;
    const isInB = path.includes('/namespaces/b/');
    if (isClosed && isInB) return refuse(response, 503, 'ServiceUnavailable');
    response.writeHead(200);
    if (query.get('watch') === 'true') return response.flushHeaders();
    const metadata = { namespace: 'b', name: 'k', uid: 'u', resourceVersion: '5' };
    const isUnlabelled = query.get('labelSelector') === 'tokens.osg-htc.org/managed!=true';
    const items = isInB && isUnlabelled ? [{ metadata }] : [];
    return response.end(JSON.stringify({ metadata: { resourceVersion: '8' }, items }));
  });
  await using client = clientOf(clusterAt(server.url));
  const cluster = watchCluster(client, pino({ level: 'silent' }), ['a', 'b']);
  const key = { secret: { namespace: 'b', name: 'k', key: 'key.pem' } };
  const jwt = makeJwt({ key }, { metadata: { namespace: 'a' } });
  const observedState = () =>
    observeKey({ sources: cluster.sources, legacyKeyNamespace: undefined }, jwt).state;
  const states: string[] = [];
  cluster.subscribe({
    jwtChanged: () => undefined,
    secretChanged: () => states.push(observedState()),
    tokenKept: () => undefined,
  });
  assert.equal(await cluster.synced, true);
  assert.equal(observedState(), 'unread');
  isClosed = false;
  await waitUntil('the key', WITHIN_MS, () => states.at(-1) === 'unavailable');
  assert.equal(observedState(), 'unavailable', 'it is not granted to the namespace of the JWT');
  await cluster.stop();
});

for (const namespaces of [
  ['a', 'b'],
  ['b', 'a'],
])
  it(`if stopped before everything was listed, it is never synced: ${namespaces.join(', ')}`, async () => {
    await using server = await startApi(
      () => false,
      (path) => path.includes('/namespaces/b/'),
    );
    await using client = clientOf(clusterAt(server.url));
    const cluster = watchCluster(client, pino({ level: 'silent' }), namespaces);
    await waitUntil('a JWT', WITHIN_MS, () => [...cluster.jwts()].length > 0);
    await cluster.stop();
    assert.equal(await cluster.synced, false);
  });

it('without --namespaces no work begins before everything was read', async () => {
  let isClosed = true;
  await using server = await startApi((path) => isClosed && path.endsWith('/secrets'));
  await using client = clientOf(clusterAt(server.url));
  const cluster = watchCluster(client, pino({ level: 'silent' }), undefined);
  let isSynced = false;
  const synced = cluster.synced.then((all) => (isSynced = all));
  await server.received(6); // each list failed at least once
  assert.equal(isSynced, false);
  isClosed = false;
  assert.equal(await synced, true);
  await cluster.stop();
});

it('a Secret whose label an admission plugin removes is seen as deleted', async () => {
  const metadata = { ...wireJwt().metadata, labels: { 'tokens.osg-htc.org/managed': 'true' } };
  const deletion = Promise.withResolvers<() => void>();
  await using server = await startBadServer((request, response) => {
    const { method, path, query } = request;
    response.writeHead(200);
    if (method === 'PATCH') {
      const stored = { ...metadata, labels: {}, resourceVersion: '9' };
      return response.end(JSON.stringify({ metadata: stored, data: { token: 'eA==' } }));
    }
    if (query.get('watch') === 'true') {
      response.flushHeaders();
      if (query.get('labelSelector') !== 'tokens.osg-htc.org/managed!=true') return response;
      const object = { metadata: { ...metadata, labels: {}, resourceVersion: '10' } };
      deletion.resolve(() => response.write(`${JSON.stringify({ type: 'DELETED', object })}\n`));
      return response;
    }
    const items = path.endsWith('/jwts') ? [wire('science')] : [];
    return response.end(JSON.stringify({ metadata: { resourceVersion: '8' }, items }));
  });
  await using client = clientOf(clusterAt(server.url));
  const cluster = watchCluster(client, pino({ level: 'silent' }), undefined);
  const seen: string[] = [];
  await cluster.synced;
  await cluster.store.applySecret({ metadata, data: { token: 'eA==' } }, { force: true });
  cluster.subscribe({
    jwtChanged: () => undefined,
    secretChanged: (_, name) => seen.push(name),
    tokenKept: () => undefined,
  });
  const isThere = (): boolean =>
    (cluster.sources.tokenSecret('science', 'my-jwt') ??
      cluster.sources.secretMetadata('science', 'my-jwt')) !== undefined;
  assert.equal(isThere(), true);
  const reportDeletion = await deletion.promise;
  reportDeletion();
  await waitUntil('the deletion', WITHIN_MS, () => seen.length > 0);
  assert.equal(isThere(), false);
  await cluster.stop();
});

it('writes and reads of a Secret by a round are reported as such, and its write of a JWT as a change', async () => {
  const labels = { 'tokens.osg-htc.org/managed': 'true' };
  const stored = { ...wireJwt().metadata, labels, resourceVersion: '9' };
  await using server = await startBadServer((request, response) => {
    const { method, path, query } = request;
    response.writeHead(200);
    if (method === 'PATCH' || path.endsWith('/secrets/my-jwt'))
      return response.end(JSON.stringify({ ...wire('science'), metadata: stored, data: { token: 'eA==' } }));
    if (query.get('watch') === 'true') return response.flushHeaders();
    const items = path.endsWith('/jwts') ? [wire('science')] : [];
    return response.end(JSON.stringify({ metadata: { resourceVersion: '8' }, items }));
  });
  await using client = clientOf(clusterAt(server.url));
  const cluster = watchCluster(client, pino({ level: 'silent' }), undefined);
  const seen: string[] = [];
  await cluster.synced;
  cluster.subscribe({
    jwtChanged: (_, after) => seen.push(`JWT ${after?.name}`),
    secretChanged: (_, name) => seen.push(`Secret ${name}`),
    tokenKept: (_, name) => seen.push(`token in ${name}`),
  });
  await cluster.store.applySecret({ metadata: stored, data: { token: 'eA==' } }, { force: true });
  assert.equal(cluster.sources.tokenSecret('science', 'my-jwt')?.metadata.resourceVersion, '9');
  await cluster.sources.readSecret('science', 'my-jwt');
  await cluster.store.patchJwt('science', 'my-jwt', {});
  await cluster.stop();
  assert.deepEqual(seen, ['token in my-jwt', 'token in my-jwt', 'JWT my-jwt']);
});
