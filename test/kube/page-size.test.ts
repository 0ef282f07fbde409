import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageSize } from '../../src/kube/page-size.ts';
import { clientOf, clusterAt, startBadServer } from './bad-server.ts';

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

test('a page that ends too early is requested again with fewer objects, down to a single one', async () => {
  const limits: number[] = [];
  let longest = 60;
  await using server = await startBadServer((request, response) => {
    const limit = Number(request.query.get('limit'));
    const start = Number(request.query.get('continue') ?? '0');
    limits.push(limit);
    response.writeHead(200);
    if (limit > longest) {
      response.write('{"items":[{"a":1},', () => response.destroy());
      return;
    }
    const items = Array.from({ length: Math.min(limit, 100 - start) }, (_, number) => ({
      number: start + number,
    }));
    const next = start + limit < 100 ? `${start + limit}` : '';
    response.end(JSON.stringify({ items, metadata: { resourceVersion: '1', continue: next } }));
  });
  await using client = clientOf(clusterAt(server.url));
  const { items } = await client.listMapped('/api/v1/secrets', { map: (object) => object['number'] });
  assert.deepEqual(
    items,
    Array.from({ length: 100 }, (_, number) => number),
  );
  assert.deepEqual([...new Set(limits)].slice(0, 3), [500, 63, 8]);
  longest = 0;
  await assert.rejects(client.list('/api/v1/secrets'));
  assert.equal(limits.at(-1), 1);
});
