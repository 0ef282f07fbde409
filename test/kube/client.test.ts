import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { METADATA_ONLY } from '../../src/kube/client.ts';
import { isConflict, isNotFound, isTransient } from '../../src/kube/errors.ts';
import { virtualClock } from '../time/virtual-clock.ts';
import { answer, clientOf, clusterAt, problemOf, refuse, startBadServer, withServer } from './bad-server.ts';

const SECRET = '/api/v1/namespaces/ns/secrets/s';
const CANARY = 'eyJhbGciOiJFUzI1NiJ9.canary';

test('requests carry credentials, user agent, query and body', () =>
  withServer(
    (_request, response) => answer(response, 200, { kind: 'Secret' }),
    async (client, server) => {
      await client.get(SECRET, {
        query: { labelSelector: 'a=b,c!=d', limit: undefined },
        accept: METADATA_ONLY,
      });
      await client.apply(SECRET, { kind: 'Secret' }, { force: false, query: { fieldValidation: 'Strict' } });
      await client.mergePatch(SECRET, { a: null });
      await client.jsonPatch(SECRET, [{ op: 'remove', path: '/a' }]);
      await client.create('/api/v1/namespaces/ns/secrets', { kind: 'Secret' });
      const [get, apply, merge, json, create] = server.requests;
      assert.equal(get?.headers.authorization, 'Bearer secret-token');
      assert.equal(get.headers['user-agent'], 'jwt-injector/1.2.3');
      assert.equal(get.headers.accept, METADATA_ONLY);
      assert.equal(get.query.toString(), 'labelSelector=a%3Db%2Cc%21%3Dd');
      assert.equal(apply?.method, 'PATCH');
      assert.equal(apply.headers['content-type'], 'application/apply-patch+yaml');
      assert.equal(apply.query.toString(), 'fieldValidation=Strict&fieldManager=jwt-injector&force=false');
      assert.equal(apply.body, '{"kind":"Secret"}');
      assert.equal(merge?.headers['content-type'], 'application/merge-patch+json');
      assert.equal(json?.headers['content-type'], 'application/json-patch+json');
      assert.deepEqual([create?.method, create?.headers['content-type']], ['POST', 'application/json']);
      assert.ok(server.connections() <= 2);
    },
  ));

test('a refusal names verb, object and reason, and nothing of the body', () =>
  withServer(
    (_request, response) =>
      refuse(response, 422, 'Invalid', {
        message: `Secret "s" is invalid: data.token: Invalid value: "${CANARY}"`,
        details: {
          causes: [
            { reason: 'FieldValueInvalid', message: `Invalid value: "${CANARY}"`, field: 'data.token' },
            { reason: CANARY, message: CANARY, field: `data "${CANARY}"` },
          ],
        },
      }),
    async (client) => {
      const problem = await problemOf(client.apply(SECRET, { kind: 'Secret' }, { force: true }));
      assert.equal(problem.message, 'apply secrets ns/s: 422 Invalid (data.token FieldValueInvalid)');
      assert.equal(problem.status, 422);
      assert.deepEqual([problem.namespace, problem.objectName], ['ns', 's']);
      assert.ok(!inspect(problem, { depth: 9, showHidden: true }).includes('canary'));
      assert.equal(isTransient(problem), false);
    },
  ));

test('refusals are distinguished by their status, also without a Status', async () => {
  for (const [status, is] of [
    [404, isNotFound],
    [409, isConflict],
    [500, isTransient],
    [503, isTransient],
  ] as const) {
    await withServer(
      (_request, response) => response.writeHead(status).end('<html>a proxy</html>'),
      async (client) => assert.ok(is(await problemOf(client.get(SECRET)))),
    );
  }
});

test('a 401 is tried again once, with credentials read again', async () => {
  let token = 'old';
  await using server = await startBadServer((request, response) => {
    if (request.headers.authorization === 'Bearer new') answer(response, 200, {});
    else refuse(response, 401, 'Unauthorized');
  });
  const clock = virtualClock();
  await using client = clientOf(
    clusterAt(server.url, () => token),
    clock,
  );
  assert.equal((await problemOf(client.get(SECRET))).status, 401);
  const before = server.requests.length;
  assert.ok(before <= 2);
  token = 'new';
  await clock.advance(1_000); // it is read at most once a second
  await Promise.all([client.get(SECRET), client.get(SECRET), client.get(SECRET)]);
  assert.equal(server.requests.length - before, 6);
});

test('a silent server costs no more than the deadline', async () => {
  const clock = virtualClock();
  await withServer(
    () => {},
    async (client, server) => {
      const asking = problemOf(client.get(SECRET, { deadline: 200 }));
      await server.received(1);
      await clock.advance(199);
      assert.equal(clock.pending(), 1);
      await clock.advance(1);
      const problem = await asking;
      assert.equal(problem.reason, 'Deadline');
      assert.match(problem.message, /^get secrets ns\/s: Deadline \(no answer of http:\S+ within 0.2 s\)$/);
    },
    clock,
  );
});

test('a body that stalls counts for the deadline, too', () =>
  withServer(
    (_request, response) => void response.writeHead(200).write('{"half":'),
    async (client) =>
      assert.equal((await problemOf(client.get(SECRET, { deadline: 200 }))).reason, 'Deadline'),
  ));

test('a read is repeated once if its connection breaks, a write never', () =>
  withServer(
    (_request, response) => void response.socket?.resetAndDestroy(),
    async (client, server) => {
      const read = await problemOf(client.get(SECRET));
      assert.equal(read.reason, 'Unreachable');
      assert.ok(isTransient(read));
      assert.equal(server.requests.length, 2);
      assert.equal((await problemOf(client.apply(SECRET, {}, { force: true }))).reason, 'Unreachable');
      assert.equal(server.requests.length, 3);
    },
  ));

test('a missing server is Unreachable, with its address', async () => {
  const server = await startBadServer(() => {});
  await server[Symbol.asyncDispose]();
  await using client = clientOf(clusterAt(server.url));
  const problem = await problemOf(client.get(SECRET));
  assert.equal(problem.message, `get secrets ns/s: Unreachable (${server.url}: ECONNREFUSED)`);
});

test('an answer that is not a JSON object is Malformed', async () => {
  for (const body of ['{"cut":', '[]', '', '"text"']) {
    await withServer(
      (_request, response) => response.writeHead(200).end(body),
      async (client) => assert.equal((await problemOf(client.get(SECRET))).reason, 'Malformed', body),
    );
  }
});

test('an object that is longer than possible is not read to its end', () =>
  withServer(
    (_request, response) => response.writeHead(200).end(`{"data":"${'x'.repeat(20_000_000)}"}`),
    async (client) => {
      const problem = await problemOf(client.get(SECRET));
      assert.equal(problem.reason, 'Malformed');
      assert.match(problem.message, /an answer is longer than 4194304 bytes\)$/);
    },
  ));

test('an abort by the caller is reported as such', () =>
  withServer(
    () => {},
    async (client, server) => {
      const abort = new AbortController();
      const asking = problemOf(client.get(SECRET, { signal: abort.signal }));
      await server.received(1);
      abort.abort();
      assert.equal((await asking).reason, 'Aborted');
      assert.equal((await problemOf(client.get(SECRET, { signal: abort.signal }))).reason, 'Aborted');
    },
  ));

test('an error page without end is not read to its end', () =>
  withServer(
    (_request, response) => {
      response.writeHead(500);
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(10_000), () => setImmediate(more));
      };
      more();
    },
    async (client) => assert.equal((await problemOf(client.get(SECRET))).status, 500),
  ));

test('200 sequential calls use at most two connections, and ten watches do not block them', () =>
  withServer(
    (request, response) => {
      if (request.query.get('watch') === 'true') response.writeHead(200).flushHeaders();
      else answer(response, 200, {});
    },
    async (client, server) => {
      for (let i = 0; i < 200; i += 1) await client.get(SECRET);
      // A second connection is only opened while the first has not received the end of its answer.
      assert.ok(server.connections() <= 2);
      const abort = new AbortController();
      const watches = Array.from({ length: 10 }, async () => {
        await assert.rejects(async () => {
          for await (const event of client.watch('/api/v1/secrets', {}, abort.signal))
            assert.fail(event.type);
        }, /Aborted/);
      });
      await Promise.all(Array.from({ length: 50 }, () => client.get(SECRET)));
      abort.abort();
      await Promise.all(watches);
    },
  ));

test('closing the client aborts its running requests', () =>
  withServer(
    () => {},
    async (client, server) => {
      const asking = problemOf(client.apply(SECRET, {}, { force: true }));
      await server.received(1);
      await client.close();
      assert.equal((await asking).status, 0);
    },
  ));
