import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createProbesApp } from '../../src/server/probes.ts';
import { closeOf } from '../fixtures/close-of.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const metrics = createMetrics();

describe('the probes:', () => {
  it('/livez answers', async () => {
    const app = createProbesApp({ checks: [], metrics });
    const reply = await app.inject('/livez');
    assert.deepEqual([reply.statusCode, reply.body], [200, 'ok\n']);
  });

  it('/readyz names what is missing, and checks again each time', async () => {
    let missing: string | undefined = 'not loaded yet';
    const checks = [
      { name: 'certificate', missing: () => missing },
      { name: 'listening', missing: () => undefined },
    ];
    const app = createProbesApp({ checks, metrics });
    const before = await app.inject('/readyz');
    assert.deepEqual(
      [before.statusCode, before.body],
      [503, '[-] certificate: not loaded yet\n[+] listening\nnot ready\n'],
    );
    missing = undefined;
    const after = await app.inject('/readyz');
    assert.deepEqual([after.statusCode, after.body], [200, '[+] certificate\n[+] listening\nready\n']);
  });

  it('/metrics is what Prometheus reads', async () => {
    const reply = await createProbesApp({ checks: [], metrics }).inject('/metrics');
    assert.equal(reply.statusCode, 200);
    assert.match(String(reply.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(reply.body, /^process_cpu_seconds_total /m);
  });

  it('/metrics is read by a few clients at a time; others get Retry-After', async () => {
    const app = await listening(endless());
    const readers = await Promise.all(Array.from({ length: 4 }, () => scrape(app)));
    assert.deepEqual(
      readers.map(({ statusCode }) => statusCode),
      [200, 200, 200, 200],
    );
    const refused = await scrape(app);
    assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [503, '5']);
    readers[0]?.destroy();
    await waitUntil('the place of the one that left', 60_000, async () => {
      const { statusCode } = await scrape(app);
      return statusCode === 200;
    });
    await app.close();
    // The connection of a client that still reads is closed, so that the end of the service does not wait for
    // it.
    await assert.rejects(text(readers[1]!));
  });

  it('/metrics is read from another address, for any number of slow readers at one address', async () => {
    const app = await listening(endless());
    const slow = await Promise.all(Array.from({ length: 4 }, () => scrape(app)));
    const other = await scrape(app, '127.0.0.2');
    assert.equal(other.statusCode, 200);
    await assert.rejects(text(slow[0]!), 'the oldest of them made room');
    assert.equal((await scrape(app)).statusCode, 503, 'they do not get it back');
    assert.equal(other.destroyed, false);
    await app.close();
  });

  it('/metrics is read even if slow readers at many addresses use all places', async (context) => {
    const app = await listening(endless());
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const slow = [];
    for (const last of [2, 3, 4, 5]) slow.push(await scrape(app, `127.0.0.${last}`));
    assert.equal((await scrape(app)).statusCode, 503, 'none of them is slow yet');
    context.mock.timers.tick(5_000);
    context.mock.timers.reset();
    assert.equal((await scrape(app)).statusCode, 200);
    await assert.rejects(text(slow[0]!), 'the oldest of them made room');
    assert.equal((await scrape(app, '127.0.0.6')).statusCode, 200);
    await app.close();
  });

  it('/metrics makes only as many pieces as its reader accepts', async () => {
    let pieces = 0;
    const app = await listening(endless(() => (pieces += 1)));
    const reader = await scrape(app);
    let before = -1;
    // When all buffers are full, the kernel's too, nothing is written any more.
    await waitUntil('nothing more is written', 60_000, () => {
      const isStill = pieces === before;
      before = pieces;
      return isStill;
    });
    assert.ok(pieces < 1_000, `${pieces} pieces of 64 KiB`);
    reader.destroy();
    await app.close();
  });

  it('/metrics ends for a reader that never finishes', async (context) => {
    let hasEnded = false;
    const app = await listening(endless(undefined, () => (hasEnded = true)));
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const reader = await scrape(app);
    context.mock.timers.tick(30_000);
    context.mock.timers.reset();
    await assert.rejects(text(reader));
    assert.ok(hasEnded);
    await app.close();
  });

  it('other paths do not exist', async () => {
    assert.equal((await createProbesApp({ checks: [], metrics }).inject('/')).statusCode, 404);
  });

  it('half of a request ends its connection, and many of them block no other client', async () => {
    const limits = { asking: 500, connections: 10, look: 50 };
    const app = createProbesApp({ checks: [], metrics, limits });
    const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
    const half = Array.from({ length: 30 }, () => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.write('GET /livez HTTP/1.1\r\nho');
      return socket;
    });
    const ended = half.map((socket) => closeOf(socket.resume()));
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/livez`)).text(), 'ok\n');
    await Promise.all(ended);
    await app.close();
  });

  for (const [title, use] of [
    ['was never used', async () => undefined],
    ['was used once', async (socket: Socket) => askOver(socket)],
    [
      'was used once, and has half of a request',
      async (socket: Socket) => {
        await askOver(socket);
        socket.write('GET /livez HTTP/1.1\r\nho');
      },
    ],
  ] as const)
    it(`a connection that ${title}, from each of many addresses, blocks no other client`, async () => {
      const app = createProbesApp({ checks: [], metrics, limits: { connections: 10 } });
      const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
      const sockets: Socket[] = [];
      for (let last = 2; last < 12; last += 1) {
        const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${last}` });
        await once(
          socket.on('error', () => {}),
          'connect',
        );
        await use(socket);
        sockets.push(socket);
      }
      for (let probe = 0; probe < 3; probe += 1)
        assert.equal(await (await fetch(`http://127.0.0.1:${port}/livez`)).text(), 'ok\n');
      for (const socket of sockets) socket.destroy();
      await app.close();
    });
});

async function askOver(socket: Socket): Promise<void> {
  socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'data');
}

/** The probes on a port, with metrics that never end. */
async function listening(pieces: () => AsyncIterable<string>) {
  const app = createProbesApp({
    checks: [],
    metrics: { contentType: 'text/plain', scrape: pieces },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return app;
}

/** One scrape on a connection of its own, from this address; the caller reads the text. */
async function scrape(
  { listeningOrigin }: { readonly listeningOrigin: string },
  localAddress = '127.0.0.1',
): Promise<IncomingMessage> {
  const [answer] = await once(get(`${listeningOrigin}/metrics`, { agent: false, localAddress }), 'response');
  return answer;
}

function endless(onPiece = () => {}, onEnd = () => {}): () => AsyncIterable<string> {
  const piece = 'x'.repeat(65_536);
  return async function* () {
    try {
      for (;;) {
        onPiece();
        yield piece;
        await turn();
      }
    } finally {
      onEnd();
    }
  };
}
