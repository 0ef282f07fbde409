import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { closeOf } from '../fixtures/close-of.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { reviewText } from './reviews.ts';
import { servingCertificate, withWebhook, type StartedWebhook } from './started-webhook.ts';

const HOST = '127.0.0.1';
/** Another client's address: on Linux all of 127/8 is this machine. */
const ELSEWHERE = '127.0.0.2';

/** The beginning of a ClientHello; the rest is never sent. */
const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');

const HEAD = 'POST /mutate/pods?timeout=5s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

function requestOf(body: string): string {
  return `${HEAD}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function quiet<T extends Socket>(socket: T): T {
  return socket.on('error', () => {});
}

async function dial({ port }: StartedWebhook, localAddress = HOST): Promise<Socket> {
  const socket = quiet(connectTcp({ host: HOST, port, localAddress }));
  await once(socket, 'connect');
  return socket;
}

async function dialTls(
  started: StartedWebhook,
  localAddress = HOST,
  maxVersion?: 'TLSv1.2',
): Promise<TLSSocket> {
  const socket = quiet(
    connectTls({
      socket: await dial(started, localAddress),
      ca: started.certificate.cert,
      ...(maxVersion === undefined ? {} : { maxVersion }),
    }),
  );
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: TLSSocket, text = requestOf(reviewText())): Promise<string> {
  socket.write(text);
  const [answer] = await once(socket, 'data');
  return String(answer).split('\r\n', 1)[0] ?? '';
}

const OK = 'HTTP/1.1 200 OK';

/** Less than the default of two minutes for a handshake, and enough on a busy machine. */
const ENDED_WITHIN_MS = 100_000;

/**
 * Resolves when the other side has closed it, also while we were writing; gives the milliseconds until then.
 */
async function lifeOf(socket: Socket): Promise<number> {
  const before = performance.now();
  await closeOf(socket.resume());
  return performance.now() - before;
}

describe('connections of hostile clients:', { concurrency: true, timeout: ENDED_WITHIN_MS }, () => {
  it('a connection that was not used for longer than the limit of a half-sent request is answered', async () => {
    // Longer than a busy machine takes for an answer, as the limits also end requests.
    await withWebhook({ limits: { asking: 2_000, answering: 2_000, look: 50 } }, async (started) => {
      const socket = await dialTls(started);
      await sleep(4_000);
      assert.equal(await ask(socket), OK);
      await sleep(4_000);
      assert.equal(await ask(socket), OK);
      socket.destroy();
    });
  });

  it('such a connection is answered with the real limits, too', async () => {
    await withWebhook({}, async (started) => {
      const socket = await dialTls(started);
      await sleep(11_000);
      assert.equal(await ask(socket), OK);
      socket.destroy();
    });
  });

  it('a connection that is never used ends after Go’s client would have ended it', async () => {
    await withWebhook({ limits: { idle: 500, look: 50 } }, async (started) => {
      const life = await lifeOf(await dialTls(started));
      assert.ok(life >= 450, `${life} ms`);
    });
  });

  const slow: readonly [string, (socket: TLSSocket) => void][] = [
    ['a header', (socket) => void socket.write('POST /mutate/pods HTTP/1.1\r\nho')],
    ['a body', (socket) => void socket.write(requestOf(reviewText()).slice(0, -1))],
    [
      'a body of chunks',
      (socket) => void socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`),
    ],
    [
      'a body that nobody wants',
      (socket) => void socket.write('GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n'),
    ],
    [
      'one byte of a header after the other',
      (socket) => {
        let sent = 0;
        const sending = setInterval(() => socket.write('POST /mutate'.charAt(sent++) || 'x'), 100);
        socket.once('close', () => clearInterval(sending));
      },
    ],
    [
      'a second request, whose body does not come',
      (socket) => void socket.write(requestOf(reviewText()) + requestOf(reviewText()).slice(0, -1)),
    ],
  ];
  for (const [title, send] of slow) {
    it(`a connection ends after half of a request: ${title}`, async () => {
      await withWebhook({ limits: { asking: 500, look: 50 } }, async (started) => {
        const socket = await dialTls(started);
        send(socket);
        await lifeOf(socket);
        assert.equal((await started.send('/mutate/pods', reviewText())).status, 200);
      });
    });
  }

  it('an incomplete handshake is ended, also if more bytes arrive', async () => {
    await withWebhook({ limits: { handshake: 500, look: 50 } }, async (started) => {
      const [silent, half, drip] = await Promise.all([dial(started), dial(started), dial(started)]);
      half.write(HALF_HELLO);
      let sent = 0;
      const dripping = setInterval(() => drip.write(HALF_HELLO.subarray(sent, ++sent)), 100);
      await Promise.all([silent, half, drip].map(lifeOf));
      clearInterval(dripping);
    });
  });

  it('many half handshakes take no connection from a client at another address, old or new', async () => {
    await withWebhook({ limits: { connections: 20 } }, async (started) => {
      const used = await dialTls(started, ELSEWHERE);
      const unused = await dialTls(started, ELSEWHERE);
      assert.equal(await ask(used), OK);
      const attackers: Socket[] = [];
      for (let count = 0; count < 200; count += 1) {
        const socket = await dial(started);
        socket.write(HALF_HELLO);
        attackers.push(socket);
      }
      assert.equal(await ask(await dialTls(started, ELSEWHERE)), OK);
      for (const socket of [used, unused]) assert.equal(await ask(socket), OK);
      for (const socket of attackers) socket.destroy();
    });
  });

  it('as many addresses as allowed connections do not prevent a new connection of a client that sends requests', async () => {
    await withWebhook({ limits: { connections: 20 } }, async (started) => {
      const used = await dialTls(started, ELSEWHERE);
      assert.equal(await ask(used), OK);
      const attackers: Socket[] = [];
      for (let last = 1; last <= 40; last += 1) attackers.push(await dial(started, `127.0.1.${last}`));
      const more: TLSSocket[] = [];
      for (let count = 0; count < 5; count += 1) more.push(await dialTls(started, ELSEWHERE));
      for (let last = 41; last <= 80; last += 1) attackers.push(await dial(started, `127.0.1.${last}`));
      for (const socket of [used, ...more]) assert.equal(await ask(socket), OK);
      // The same after some time without requests: then its first connections are all new.
      for (const socket of [used, ...more]) socket.destroy();
      for (let last = 81; last <= 120; last += 1) attackers.push(await dial(started, `127.0.1.${last}`));
      const burst: TLSSocket[] = [];
      for (let count = 0; count < 5; count += 1) burst.push(await dialTls(started, ELSEWHERE));
      for (const socket of burst) assert.equal(await ask(socket), OK);
      for (const socket of [...burst, ...attackers]) socket.destroy();
    });
  });

  it('many half handshakes take no connection from a client at the same address that has sent a request before', async () => {
    await withWebhook({ limits: { connections: 20 } }, async (started) => {
      const used = await dialTls(started);
      assert.equal(await ask(used), OK);
      const attackers: Socket[] = [];
      for (let count = 0; count < 200; count += 1) attackers.push(await dial(started));
      assert.equal(await ask(used), OK);
      assert.equal(await ask(await dialTls(started)), OK);
      for (const socket of attackers) socket.destroy();
    });
  });

  it('no more connections are open than the limit', async () => {
    await withWebhook({ limits: { connections: 20 } }, async (started) => {
      const sockets: Socket[] = [];
      for (let count = 0; count < 60; count += 1) sockets.push(await dialTls(started));
      const countOpen = (): number => sockets.filter((socket) => !socket.closed && !socket.destroyed).length;
      await waitUntil('all but twenty to be closed', 10_000, () => countOpen() <= 20);
      assert.equal(countOpen(), 20);
      for (const socket of sockets) socket.destroy();
    });
  });

  it('a second request before the first one’s answer ends the connection, and nothing else', async () => {
    const lookUpDefault = () => Promise.withResolvers<never>().promise;
    await withWebhook({ lookUpDefault }, async (started) => {
      const socket = await dialTls(started);
      const waits = reviewText({ object: { metadata: {}, spec: { containers: [{ name: 'a' }] } } });
      socket.write(requestOf(waits).repeat(2));
      await lifeOf(socket);
      assert.equal((await started.send('/mutate/pods', reviewText())).status, 200);
    });
  });

  it('a client of TLS 1.2 gets no second handshake, neither before nor after a rotation', async () => {
    await withWebhook({}, async (started) => {
      for (let round = 0; round < 2; round += 1) {
        const socket = await dialTls(started, HOST, 'TLSv1.2');
        const renegotiated = Promise.withResolvers<Error | null>();
        socket.on('error', (error) => renegotiated.resolve(error));
        socket.renegotiate({}, (error) => renegotiated.resolve(error));
        assert.match(String(await renegotiated.promise), /no renegotiation/i);
        socket.destroy();
        started.webhook.useCertificate(servingCertificate(started.certificate));
      }
    });
  });

  it('half handshakes do not prevent the end of the server', async () => {
    await withWebhook({}, async (started) => {
      const socket = await dial(started);
      socket.write(HALF_HELLO);
      await started.webhook.close(0);
    });
  });
});
