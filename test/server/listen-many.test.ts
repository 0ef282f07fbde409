import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { text as readText } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fastify } from 'fastify';
import { findFreePort } from '../controlplane/free-port.ts';
import { listenMany, type ListenPlace } from '../../src/server/listen-many.ts';
import { sortAddresses } from '../../src/server/own-addresses.ts';

const HOST = '127.0.0.1';
const CONNECTIONS = 200;
const isLinux = process.platform === 'linux';
/**
 * On other systems than Linux a port has one socket, and it only matters that each connection is accepted.
 */
const MAX_TURNS = isLinux ? CONNECTIONS / 2 : Number.POSITIVE_INFINITY;

/** One address and the unspecified address, of each family that this kernel supports. */
const { own: known } = await sortAddresses(['0.0.0.0', '::', '127.0.0.2', '::1']);
const PAIRS = [
  ['127.0.0.2', '0.0.0.0'],
  ['127.0.0.2', '::'],
  ['::1', '::'],
].filter((pair): pair is [string, string] => pair.every((address) => known.includes(address)));

function appOf(server: Server) {
  const listen = async (options: { host: string; port: number; backlog: number; reusePort: boolean }) => {
    server.listen(options);
    await once(server, 'listening');
  };
  return { server, ready: async () => undefined, listen };
}

describe('many sockets on one port:', () => {
  it('one turn of the event loop accepts several connections', async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket));
    const port = await listenMany(appOf(server), { hosts: [HOST], port: 0 });
    const clients = Array.from({ length: CONNECTIONS }, () => connect(port.address.port, HOST));
    await once(server, 'connection');
    let turns = 0;
    for (; accepted.length < CONNECTIONS; turns += 1) await nextTurn();
    for (const socket of [...clients, ...accepted]) socket.destroy();
    server.close();
    await port.close();
    assert.ok(turns < MAX_TURNS, `${turns} turns for ${CONNECTIONS} connections`);
  });

  it('a port of another process is not shared, also not one with many sockets', async () => {
    const first = createServer();
    const port = await listenMany(appOf(first), { hosts: [HOST], port: 0 });
    await assert.rejects(listenMany(appOf(createServer()), { hosts: [HOST], port: port.address.port }), {
      code: 'EADDRINUSE',
    });
    first.close();
    await port.close();
  });

  it('a close waits for the connections of all sockets, and leaves the port free', async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket));
    const port = await listenMany(appOf(server), { hosts: [HOST], port: 0 });
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
    const next = await listenMany(appOf(again), { hosts: [HOST], port: port.address.port });
    again.close();
    await next.close();
  });

  it('a server has many sockets at each of several addresses, with one port', async () => {
    const server = createServer((socket) => socket.end('here'));
    const port = await listenMany(appOf(server), { hosts: [HOST, '127.0.0.2'], port: 0 });
    for (const host of [HOST, '127.0.0.2']) assert.equal(await ask(port.address.port, host), 'here');
    await assert.rejects(
      listenMany(appOf(createServer()), { hosts: ['127.0.0.2'], port: port.address.port }),
      {
        code: 'EADDRINUSE',
      },
    );
    server.close();
    await port.close();
  });

  it('a host name stands for one address: Fastify would open another server at `::1` for `localhost`', async () => {
    const app = fastify();
    const asked: string[] = [];
    const listen = (options: { host: string; port: number; backlog: number; reusePort: boolean }) => {
      asked.push(options.host);
      return app.listen(options);
    };
    const port = await listenMany(
      { server: app.server, ready: () => app.ready(), listen },
      { hosts: ['localhost'], port: 0 },
    );
    const addresses = app.addresses();
    await Promise.all([port.close(), app.close()]);
    assert.deepEqual(addresses, [port.address]);
    assert.deepEqual(asked, [port.address.address]);
  });

  it('a server that cannot listen at all addresses listens at none', async () => {
    const { port, isShared } = { port: await findFreePort(), isShared: true };
    await using taken = createServer().listen(port, '127.0.0.2');
    await once(taken, 'listening');
    const server = createServer();
    await assert.rejects(listenMany(appOf(server), { hosts: [HOST, '127.0.0.2'], port, isShared }), {
      code: 'EADDRINUSE',
      address: '127.0.0.2',
    });
    await assert.rejects(ask(port, HOST), { code: 'ECONNREFUSED' });
    assert.equal(server.listening, false);
  });

  for (const [which, taken] of [
    ['its first', HOST],
    ['another', '127.0.0.2'],
  ] as const)
    it(`an app that could not listen at ${which} address can be tried again, and answers at each`, async () => {
      await using app = fastify();
      app.get('/', () => 'here');
      const place: ListenPlace = {
        port: await findFreePort(),
        hosts: [HOST, '127.0.0.2'],
        isShared: true,
      };
      await using other = createServer().listen(place.port, taken);
      await once(other, 'listening');
      for (let tried = 0; tried < 2; tried += 1)
        await assert.rejects(listenMany(app, place), { code: 'EADDRINUSE', address: taken });
      other.close();
      await once(other, 'close');
      const port = await listenMany(app, place);
      for (const host of place.hosts) {
        const asked = Array.from({ length: 20 }, async () => {
          const answer = await fetch(`http://${host}:${place.port}/`, { headers: { connection: 'close' } });
          return answer.text();
        });
        assert.deepEqual(new Set(await Promise.all(asked)), new Set(['here']));
      }
      await port.close();
    });

  describe('a port that two servers share', () => {
    it('is tried at least with IPv4', () => assert.ok(PAIRS.length > 0));
    for (const [own, every] of PAIRS)
      for (const first of ['main', 'fallback'] as const)
        it(`gives connections to the one at ${own}, and else to that at ${every} (first: ${first})`, async () => {
          const place = { port: await findFreePort(), isShared: true };
          const start = {
            main: () => serve('main', { ...place, hosts: [own] }),
            fallback: () => serve('fallback', { ...place, hosts: [every] }),
          };
          const answers = async () =>
            new Set(await Promise.all(Array.from({ length: 50 }, () => ask(place.port, own))));
          const end = { [first]: await start[first]() };
          const second = first === 'main' ? 'fallback' : 'main';
          end[second] = await start[second]();
          assert.deepEqual([...(await answers())], ['main']);
          assert.equal(await ask(place.port, '127.0.0.3'), 'fallback');
          await end['main']?.();
          assert.deepEqual([...(await answers())], ['fallback']);
          const endAgain = await start.main();
          assert.deepEqual([...(await answers())], ['main']);
          await end['fallback']?.();
          await endAgain();
        });
  });
});

/** A server that answers with its name; gives a function that ends it. */
async function serve(name: string, place: ListenPlace): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.end(name));
  const port = await listenMany(appOf(server), place);
  return async () => {
    server.close();
    await port.close();
  };
}

async function ask(port: number, host: string): Promise<string> {
  return readText(connect(port, host));
}
