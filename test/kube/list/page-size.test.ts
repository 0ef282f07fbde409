import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageSize } from '../../../src/kube/list/page-size.ts';
import { systemClock } from '../../../src/time/clock.ts';
import {
  clientOf,
  clusterAt,
  refuse,
  startBadServer,
  type BadServer,
  type SeenRequest,
} from '../bad-server.ts';

type Response = Parameters<BadServer['handler']>[1];

/** A page of `total` objects; that of the next one only becomes known at its end. `limits` notes what is asked for. */
function answerPage(
  { query }: SeenRequest,
  response: Response,
  { total, limits }: { readonly total: number; readonly limits: number[] },
): void {
  const limit = Number(query.get('limit'));
  const start = Number(query.get('continue') ?? '0');
  limits.push(limit);
  const items = Array.from({ length: Math.min(limit, total - start) }, (_, number) => ({
    number: start + number,
  }));
  const next = start + limit < total ? `${start + limit}` : '';
  response.end(JSON.stringify({ items, metadata: { resourceVersion: '1', continue: next } }));
}

test('pages get smaller when they are slow, and large again when they are not', () => {
  const size = new PageSize();
  assert.equal(size.limit, 500);
  size.noteTime(25_000);
  assert.equal(size.limit, 100);
  size.noteTime(4_000);
  assert.equal(size.limit, 100);
  for (let i = 0; i < 3; i += 1) size.noteTime(100);
  assert.equal(size.limit, 500);
  size.noteTime(1e9);
  assert.equal(size.limit, 1);
});

type ShortServer = BadServer & { longest: number };

/** A server of a hundred objects that answers requests for at most `longest` of them, and lets `fail` answer others. */
async function startShortServer(
  limits: number[],
  longest: number,
  fail: (response: Response) => void,
): Promise<ShortServer> {
  const server: ShortServer = Object.assign(
    await startBadServer((request, response) => {
      const limit = Number(request.query.get('limit'));
      if (limit <= server.longest) {
        answerPage(request, response, { total: 100, limits });
        return;
      }
      limits.push(limit);
      fail(response);
    }),
    { longest },
  );
  return server;
}

test('a page that ends too early is requested again with fewer objects, down to a single one', async () => {
  const limits: number[] = [];
  await using server = await startShortServer(limits, 60, (response) => {
    response.writeHead(200).write('{"items":[{"a":1},', () => response.destroy());
  });
  await using client = clientOf(clusterAt(server.url));
  const { items } = await client.listMapped('/api/v1/secrets', { map: (object) => object['number'] });
  assert.deepEqual(
    items,
    Array.from({ length: 100 }, (_, number) => number),
  );
  assert.deepEqual([...new Set(limits)].slice(0, 3), [500, 63, 8]);
  server.longest = 0;
  await assert.rejects(client.list('/api/v1/secrets'));
  assert.equal(limits.at(-1), 1);
});

test('pages that are late to begin, however few objects they have, stay large', async () => {
  const limits: number[] = [];
  let now = 0;
  await using server = await startBadServer((request, response) => {
    now += 25_000;
    answerPage(request, response, { total: 3_000, limits });
  });
  await using client = clientOf(clusterAt(server.url), { ...systemClock, monotonic: () => now });
  const { items } = await client.listMapped('/api/v1/secrets', { map: (object) => object['number'] });
  assert.equal(new Set(items).size, 3_000);
  assert.deepEqual(limits, [500, 500, 500, 500, 500, 500]);
});

test('a page that the API server cannot gather in its own time is requested again with fewer objects', async () => {
  const limits: number[] = [];
  await using server = await startBadServer((request, response) => {
    if (Number(request.query.get('limit')) > 200) refuse(response, 504, 'Timeout');
    else answerPage(request, response, { total: 100, limits });
  });
  await using client = clientOf(clusterAt(server.url));
  const { items } = await client.listMapped('/api/v1/secrets', { map: (object) => object['number'] });
  assert.equal(new Set(items).size, 100);
  assert.deepEqual(limits, [63, 126]);
});

test('a page that a proxy gave up is requested once more, with a single object: it may be down to the API server', async () => {
  const limits: number[] = [];
  await using server = await startShortServer(limits, 100, (response) => {
    response.writeHead(504).end('<html>504 Gateway Time-out</html>');
  });
  await using client = clientOf(clusterAt(server.url));
  const { items } = await client.listMapped('/api/v1/secrets', { map: (object) => object['number'] });
  assert.equal(new Set(items).size, 100);
  assert.deepEqual(limits, [500, 1, 2, 4, 8, 16, 32, 64]);
  server.longest = 0;
  limits.length = 0;
  await assert.rejects(client.list('/api/v1/secrets'), /list secrets: 504 GatewayTimeout/);
  assert.deepEqual(limits, [500, 1]);
});

test('fewer objects are not requested because of a version that the API server does not know yet', async () => {
  await using server = await startBadServer((_request, response) =>
    refuse(response, 504, 'Timeout', { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }),
  );
  await using client = clientOf(clusterAt(server.url));
  await assert.rejects(client.list('/api/v1/secrets'), /504 Timeout/);
  assert.equal(server.requests.length, 1);
});
