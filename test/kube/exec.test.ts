import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Credentials } from '../../src/kube/connection/credentials.ts';
import { execInPod } from '../../src/kube/exec.ts';
import { closeOf } from '../fixtures/close-of.ts';
import { startSocksProxy } from '../proxies/socks-proxy.ts';

/** Streams of `v5.channel.k8s.io` (apimachinery, remotecommand constants.go). */
const [STDOUT, STDERR, STATUS] = [1, 2, 3];
const TARGET = { namespace: 'science', pod: 'web', container: 'main', command: ['cat', '/run/token'] };
const LIMITS = { bytes: 1_000, deadline: 10_000 };

/** An API server that upgrades every request, and then does what the test needs. */
describe('a command in a container', () => {
  let asked: IncomingMessage | undefined;
  let play: (socket: Socket) => void = () => undefined;
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(500).end());
  let cluster: { load: () => Credentials };
  before(async () => {
    server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('end', () => socket.end()).resume(); // an upgraded socket belongs to the handler
      asked = request;
      play(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    cluster = {
      load: () => {
        const credentials = new Credentials();
        credentials.loadFromClusterAndUser(
          { name: 'a', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
          { name: 'me', token: 'my-bearer' },
        );
        return credentials;
      },
    };
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  function accept(socket: Socket): void {
    const key = String(asked?.headers['sec-websocket-key']);
    // RFC 6455 §1.3
    const answer = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
    );
  }

  /** One binary message, unmasked as servers send it (RFC 6455 §5.2). */
  function send(socket: Socket, stream: number | undefined, text: string): void {
    const payload = Buffer.concat([Buffer.from([stream ?? 0]), Buffer.from(text)]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(payload.length);
    socket.write(Buffer.concat([Buffer.from([0x82, 126]), length, payload]));
  }

  const run = (limits = LIMITS) => execInPod(cluster, TARGET, limits);

  it('gives its output, in any number of pieces', async () => {
    play = (socket) => {
      accept(socket);
      for (const piece of ['one ', 'two', '']) send(socket, STDOUT, piece);
      send(socket, STDERR, 'something else');
      send(socket, STATUS, '{"status":"Success"}');
    };
    assert.deepEqual(await run(), { ok: true, value: 'one two' });
    const url = new URL(asked?.url ?? '', 'http://localhost');
    assert.equal(url.pathname, '/api/v1/namespaces/science/pods/web/exec');
    assert.deepEqual(url.searchParams.getAll('command'), ['cat', '/run/token']);
    assert.equal(url.searchParams.get('container'), 'main');
    assert.equal(url.searchParams.get('stdin'), 'false');
    assert.equal(asked?.headers.authorization, 'Bearer my-bearer');
  });

  const failure = (more: object) => JSON.stringify({ status: 'Failure', ...more });
  for (const [title, behave, status, message] of [
    [
      'one that fails',
      (socket: Socket) => {
        accept(socket);
        send(socket, STDERR, 'cat: eyJ-what-the-container-says');
        send(
          socket,
          STATUS,
          failure({
            reason: 'NonZeroExitCode',
            message: 'eyJ-what-the-container-says',
            details: { causes: [{ reason: 'ExitCode', message: '1' }] },
          }),
        );
      },
      0,
      'the command ended with exit code 1',
    ],
    [
      'one that is not there',
      (socket: Socket) => {
        accept(socket);
        send(socket, STATUS, failure({ reason: 'InternalError', message: 'exec: "cat": not found' }));
      },
      0,
      'the command could not be run (InternalError)',
    ],
    [
      'one that prints without end',
      (socket: Socket) => {
        accept(socket);
        for (let count = 0; count < 10; count += 1) send(socket, STDOUT, 'x'.repeat(500));
      },
      0,
      'the file is longer than 1000 bytes',
    ],
    [
      'a connection that ends',
      (socket: Socket) => {
        accept(socket);
        send(socket, STDOUT, 'half');
        socket.end();
      },
      0,
      'the connection ended too early',
    ],
    [
      'one that is not allowed',
      (socket: Socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
      403,
      'the API server answered with status 403',
    ],
    ['a connection that breaks', (socket: Socket) => socket.destroy(), 0, 'no connection to the API server'],
  ] as const) {
    it(`reports the problem of ${title}: ${message}`, async () => {
      play = behave;
      const result = await run();
      assert.deepEqual(result, { ok: false, problem: { status, message } });
    });
  }

  it('goes through a SOCKS proxy, which looks the host up', async () => {
    play = (socket) => {
      accept(socket);
      send(socket, STDOUT, 'here');
      send(socket, STATUS, '{"status":"Success"}');
    };
    const { port } = server.address() as AddressInfo;
    await using proxy = await startSocksProxy(`http://127.0.0.1:${port}`);
    const load = () => {
      const credentials = new Credentials();
      credentials.loadFromClusterAndUser(
        {
          name: 'a',
          server: 'http://api.invalid',
          skipTLSVerify: true,
          proxyUrl: `socks5://127.0.0.1:${proxy.port}`,
        },
        { name: 'me', token: 'my-bearer' },
      );
      return credentials;
    };
    assert.deepEqual(await execInPod({ load }, TARGET, LIMITS), { ok: true, value: 'here' });
    assert.deepEqual(proxy.asked, ['api.invalid:80']);
  });

  for (const [title, behave] of [
    ['a server that does not answer', () => undefined],
    ['a command that does not end', accept],
  ] as const) {
    it(`gives up ${title}, and closes its connection`, async () => {
      play = behave;
      assert.deepEqual(await run({ ...LIMITS, deadline: 200 }), {
        ok: false,
        problem: { status: 0, message: 'no answer within 0.2 s' },
      });
      const [last] = [...sockets].slice(-1);
      if (last !== undefined) await closeOf(last);
    });
  }
});
