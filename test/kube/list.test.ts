import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isExpired, isTransient } from '../../src/kube/errors.ts';
import { clientOf, clusterAt, refuse, startBadServer } from './bad-server.ts';
import { startFakeApi, type Fault } from './fake-api.ts';

const expired: Fault = (response) => refuse(response, 410, 'Expired');

async function bigApi() {
  const api = await startFakeApi();
  for (let i = 0; i < 1_200; i += 1) api.put(`ns/s${i}`);
  const client = clientOf(clusterAt(api.server.url));
  return {
    api,
    client,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await api[Symbol.asyncDispose]();
    },
  };
}

test('a list comes in pages of 500, its objects with their type', async () => {
  await using all = await bigApi();
  const { items, resourceVersion } = await all.client.list('/api/v1/secrets');
  assert.equal(items.length, 1_200);
  assert.equal(resourceVersion, '2200');
  assert.equal(all.api.counts.list, 3);
  assert.deepEqual([items[0]?.['apiVersion'], items[0]?.['kind']], ['v1', 'Secret']);
});

test('a list whose pages expire begins again and holds nothing twice', async () => {
  await using all = await bigApi();
  let count = 0;
  const { handler } = all.api.server;
  all.api.server.handler = (request, response) => {
    count += 1;
    if (count === 3) expired(response, request);
    else handler(request, response);
  };
  const { items } = await all.client.listMapped('/api/v1/secrets', {
    map: (object) => JSON.stringify(object['metadata']),
  });
  assert.equal(new Set(items).size, 1_200);
  assert.equal(items.length, 1_200);
  assert.equal(count, 6);
});

test('a list that always expires is given up', async () => {
  await using all = await bigApi();
  all.api.faults.list = [expired, expired, expired, expired, expired];
  await assert.rejects(all.client.list('/api/v1/secrets'), isExpired);
  assert.equal(all.api.faults.list.length, 1);
});

test('other work goes on while a long page arrives', async () => {
  const item = JSON.stringify({ metadata: { name: 'x' }, data: Array.from({ length: 20_000 }, () => ({})) });
  await using server = await startBadServer((_request, response) => {
    response.writeHead(200).end(`{"items":[${Array.from({ length: 200 }, () => item).join()}]}`);
  });
  await using client = clientOf(clusterAt(server.url));
  let turns = 0;
  let most = 0;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  let seen = turns;
  let inOneTurn = 0;
  const map = (): void => {
    inOneTurn = seen === turns ? inOneTurn + 1 : 1;
    most = Math.max(most, inOneTurn);
    seen = turns;
  };
  try {
    await client.listMapped('/api/v1/secrets', { map });
  } finally {
    clearImmediate(counting); // a list that fails would keep the process busy for ever
  }
  assert.ok(most < 100, `${most} of 200 objects were parsed in one turn of the event loop`);
});

test('a page that goes silent is given up', async () => {
  await using server = await startBadServer(
    (_request, response) => void response.writeHead(200).write('{"items":['),
  );
  await using client = clientOf(clusterAt(server.url));
  await assert.rejects(client.list('/api/v1/secrets', { deadlineMs: 200 }), isTransient);
});
