import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isExpired } from '../../src/kube/errors.ts';
import { clientOf, clusterAt, refuse } from './bad-server.ts';
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
