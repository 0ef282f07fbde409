import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { giveWay } from '../../src/time/give-way.ts';

const CONNECTIONS = 200;

test('giving way accepts many connections, while a turn of the event loop accepts one', async () => {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const clients = Array.from({ length: CONNECTIONS }, () => connect(address.port, '127.0.0.1'));
  let times = 0;
  for (; accepted.length < CONNECTIONS; times += 1) await giveWay();
  for (const socket of [...clients, ...accepted]) socket.destroy();
  server.close();
  assert.ok(times < CONNECTIONS / 2, `${times} times for ${CONNECTIONS} connections`);
});
