import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { scaled, type Attack } from './attack.ts';
import { holdConnections, PATIENCE_MS } from './hold-connections.ts';
import { inParallel } from './in-parallel.ts';
import { countMet } from './met-count.ts';
import { ATTACKER_ADDRESS, dial } from './port-client.ts';
import { containersOf, podReview } from './reviews.ts';

const PODS = '/mutate/pods';
const BODY_LIMIT = 8 * 1024 * 1024; // the limit of the service
const HEAD = `POST ${PODS} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`;

/** A review whose answer has 700 KB. */
export function unreadReview(): string {
  return podReview(`{"containers":[${containersOf(2_000)}]}`);
}

/** A TLS record of a ClientHello that claims to have 512 bytes and has 8. */
const HALF_HELLO = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 0, 0]);

/** Slow, silent and broken clients of the webhook's port and of the metrics port. */
export const PORT_ATTACKS: readonly Attack[] = [
  {
    name: 'half-handshakes',
    title: '7,000 connections that begin a TLS handshake and stop',
    from: 'port',
    run: async (target, reached) => {
      const count = scaled(7_000, target);
      const met = countMet(count, target.isAlone, reached);
      let ended = 0; // by the service: that a connection was opened shows the kernel's queue only
      let isOver = false;
      const sockets = await inParallel(count, 200, async () => {
        const socket = await tcpDial(target.webhookPort);
        socket?.resume().once('close', () => {
          if (isOver) return;
          ended += 1;
          met.add('opened');
        });
        socket?.write(HALF_HELLO);
        return socket;
      });
      const deadline = performance.now() + (target.isAlone ? 0 : PATIENCE_MS);
      const isMet = (): boolean => ended > 0;
      await sleep(8_000);
      while (!isMet() && performance.now() < deadline) await sleep(1_000);
      isOver = true;
      const begun = sockets.filter((socket) => socket !== undefined);
      for (const socket of begun) socket.destroy();
      return `${begun.length} of ${count} opened, ${ended} of them ended by the service`;
    },
  },
  {
    name: 'idle-connections',
    title: '3,000 TLS connections that never send a request',
    fullOnly: true,
    from: 'port',
    run: holding(3_000, 5_000, () => {}),
  },
  {
    name: 'slow-headers',
    title: '500 connections that send a byte of their headers each second',
    fullOnly: true,
    from: 'port',
    run: holding(500, 14_000, (socket) => drip(socket, HEAD)),
  },
  {
    name: 'slow-bodies',
    title: '300 requests of 8 MiB that send a byte each second after the first 64 KiB',
    from: 'port',
    run: holding(300, 14_000, (socket) => {
      socket.write(`${HEAD}content-length: ${BODY_LIMIT}\r\n\r\n`);
      socket.write(Buffer.alloc(65_536, '['));
      drip(socket, '['.repeat(60));
    }),
  },
  {
    name: 'stalled-bodies',
    title: '150 requests of 8 MiB that send all but the last byte',
    from: 'port',
    run: holding(150, 12_000, (socket) => {
      socket.write(`${HEAD}content-length: ${BODY_LIMIT}\r\n\r\n`);
      socket.write(Buffer.alloc(BODY_LIMIT - 1, ' '));
    }),
  },
  {
    name: 'small-chunks',
    title: '20 bodies of 300,000 chunks of one byte, each with an extension of 20 bytes',
    from: 'port',
    run: (target, reached) => {
      const chunks = `1;${'x'.repeat(20)}\r\n[\r\n`.repeat(300_000);
      return holding(20, 12_000, (socket) => {
        socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
      })(target, reached);
    },
  },
  {
    name: 'pipelined',
    title: '20 connections with 20,000 requests each, whose answers are not read',
    fullOnly: true,
    from: 'port',
    run: (target, reached) => {
      const requests = `GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(20_000);
      return holding(20, 12_000, (socket) => {
        socket.pause();
        socket.write(requests);
      })(target, reached);
    },
  },
  {
    name: 'unread-answers',
    title: '500 connections that ask for an answer of 700 KB and do not read it',
    from: 'port',
    run: (target, reached) => {
      const body = unreadReview();
      const length = Buffer.byteLength(body);
      return holding(500, 8_000, (socket) => {
        socket.pause();
        socket.write(`${HEAD}content-length: ${length}\r\n\r\n${body}`);
      })(target, reached);
    },
  },
  {
    name: 'large-headers',
    title: '200 requests with 1 MiB of headers',
    fullOnly: true,
    from: 'port',
    run: holding(200, 2_000, (socket) => {
      socket.write(`${HEAD}${`x-${'a'.repeat(60)}: ${'b'.repeat(4_000)}\r\n`.repeat(256)}`);
    }),
  },
  {
    name: 'noise',
    title: '200 connections with random bytes, plain HTTP or HTTP/2 where TLS or HTTP/1.1 is spoken',
    fullOnly: true,
    from: 'port',
    run: async (target, reached) => {
      const noise = [randomText(65_536), `${HEAD}\r\n`, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'];
      const count = scaled(100, target);
      const met = countMet(count, target.isAlone, reached);
      await inParallel(count, 20, async (number) => {
        const socket = await tcpDial(target.webhookPort);
        if (socket === undefined) return;
        socket.write(noise[number % noise.length] ?? '');
        const ended = new Promise((resolve) => socket.resume().once('close', () => resolve(true)));
        if (await Promise.race([ended, sleep(2_000, false)])) met.add('opened');
        socket.destroy();
      });
      return holding(100, 1_000, (socket) => {
        socket.write(noise[socket.remotePort === undefined ? 0 : 2] ?? '');
      })(target, reached);
    },
  },
  {
    name: 'handshakes',
    title: '2,000 whole TLS handshakes, 20 at a time, each for one connection that is ended at once',
    from: 'port',
    run: async (target, reached) => {
      const count = scaled(2_000, target);
      const met = countMet(count, target.isAlone, reached);
      await inParallel(count, 20, async () => {
        const dialled = await dial(target.webhookPort);
        met.add(typeof dialled === 'string' ? dialled : 'opened');
        if (typeof dialled !== 'string') dialled.destroy();
      });
      return met.words();
    },
  },
  {
    name: 'unread-metrics',
    title: '300 connections that ask for /metrics 50 times and read nothing',
    from: 'port',
    run: async (target, reached) => {
      const count = scaled(300, target);
      const met = countMet(count, target.isAlone, reached);
      let isOver = false;
      const sockets = await inParallel(count, 20, async () => {
        const socket = await tcpDial(target.httpPort);
        let isAnswered = false;
        // The first part of an answer shows that it came from the service; nothing more is read.
        socket?.once('data', () => {
          isAnswered = true;
          met.add('opened');
          socket.pause();
        });
        socket?.once('close', () => void (isAnswered || isOver || met.add('refused')));
        socket?.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(50));
        return socket;
      });
      await sleep(8_000);
      isOver = true;
      const open = sockets.filter((socket) => socket?.destroyed === false).length;
      for (const socket of sockets) socket?.destroy();
      return `${met.words()}, ${open} still open after 8 s`;
    },
  },
];

/** Writes one character each second. */
function drip(socket: TLSSocket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || sent >= text.length) clearInterval(timer);
    else socket.write(text.charAt(sent));
    sent += 1;
  }, 1_000);
  socket.once('close', () => clearInterval(timer));
}

/** An attack that holds connections open: see `holdConnections`. */
function holding(full: number, holdMs: number, abuse: (socket: TLSSocket) => void): Attack['run'] {
  return (target, reached) => {
    const { webhookPort: port, isAlone } = target;
    return holdConnections({ port, count: scaled(full, target), holdMs, isAlone }, abuse, reached);
  };
}

function tcpDial(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: '127.0.0.1', localAddress: ATTACKER_ADDRESS, port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
    socket.on('error', () => {});
  });
}

function randomText(length: number): string {
  return Array.from({ length }, () => String.fromCodePoint(Math.floor(Math.random() * 256))).join('');
}
