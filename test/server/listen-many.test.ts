import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { listenMany } from '../../src/server/listen-many.ts';

const HOST = '127.0.0.1';
const CONNECTIONS = 200;
/** Elsewhere than on Linux a port has one socket, and all that counts is that each connection is accepted. */
const MOST_TURNS = process.platform === 'linux' ? CONNECTIONS / 2 : Number.POSITIVE_INFINITY;

function appOf(server: Server) {
  const listen = async (options: { host: string; port: number; backlog: number; reusePort: boolean }) => {
    server.listen(options);
    await once(server, 'listening');
  };
  return { server, listen };
}

describe('many sockets on one port', () => {
  it('a turn of the event loop accepts several connections', async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket));
    const port = await listenMany(appOf(server), { host: HOST, port: 0 });
    const clients = Array.from({ length: CONNECTIONS }, () => connect(port.address.port, HOST));
    await once(server, 'connection');
    let turns = 0;
    for (; accepted.length < CONNECTIONS; turns += 1) await nextTurn();
    for (const socket of [...clients, ...accepted]) socket.destroy();
    server.close();
    await port.close();
    assert.ok(turns < MOST_TURNS, `${turns} turns for ${CONNECTIONS} connections`);
  });

  it('a port that another process has is not shared with it, also one with many sockets', async () => {
    const first = createServer();
    const port = await listenMany(appOf(first), { host: HOST, port: 0 });
    await assert.rejects(listenMany(appOf(createServer()), { host: HOST, port: port.address.port }), {
      code: 'EADDRINUSE',
    });
    first.close();
    await port.close();
  });

  it('closing waits for the connections of all sockets, and leaves the port free', async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket));
    const port = await listenMany(appOf(server), { host: HOST, port: 0 });
    const clients = Array.from({ length: 50 }, () => connect(port.address.port, HOST));
    while (accepted.length < clients.length) await nextTurn();
    server.close();
    const closed = port.close();
    for (const socket of accepted) socket.end('bye');
    const texts = await Promise.all(clients.map(async (client) => String((await once(client, 'data'))[0])));
    assert.ok(texts.every((text) => text === 'bye'));
    for (const client of clients) client.end();
    await closed;
    const again = createServer();
    const next = await listenMany(appOf(again), { host: HOST, port: port.address.port });
    again.close();
    await next.close();
  });
});
