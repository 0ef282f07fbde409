import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { it } from 'node:test';
import { listenAsProxy } from './proxy-server.ts';
import { startSocksProxy } from './socks-proxy.ts';

const GREETING = Buffer.from([5, 1, 0]);
const REQUEST = Buffer.from([5, 1, 0, 3, 1, 'h'.charCodeAt(0), 0, 80]);

it('goes on after clients that reset or end their connection before their request is complete', async () => {
  await using server = await listenAsProxy(createServer((socket) => socket.end('reached')));
  await using proxy = await startSocksProxy(`http://127.0.0.1:${server.port}`);
  const greet = async () => {
    const client = connect(proxy.port, '127.0.0.1');
    client.write(GREETING);
    await once(client, 'data');
    return client;
  };
  (await greet()).resetAndDestroy();
  (await greet()).end();
  const client = await greet();
  client.write(REQUEST);
  const received = Buffer.concat(await client.toArray());
  assert.equal(received[1], 0);
  assert.ok(received.toString('latin1').endsWith('reached'));
  assert.deepEqual(proxy.asked, ['h:80']);
});
