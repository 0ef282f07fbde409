import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, clientOf, clusterAt, startBadServer } from './bad-server.ts';

test('the version of the API server is given with the time of its Date header, if there is one', async () => {
  await using server = await startBadServer((_request, response) => {
    response.setHeader('date', 'Thu, 01 Jan 2026 00:00:00 GMT');
    answer(response, 200, { gitVersion: 'v1.34.1' });
  });
  await using client = clientOf(clusterAt(server.url));
  assert.deepEqual(await client.version(), { version: 'v1.34.1', date: Date.UTC(2026, 0, 1) });
  server.handler = (_request, response) => {
    response.sendDate = false;
    answer(response, 200, {});
  };
  assert.deepEqual(await client.version(), { version: '', date: undefined });
});
