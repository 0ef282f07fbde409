import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { CrowdOrder, CrowdReport } from './crowd.ts';
import { reviewText } from './reviews.ts';
import { withWebhook, type StartedWebhook } from './started-webhook.ts';

const ATTACKER = '127.0.0.1';
/** Another client's address: on Linux all of 127/8 is this machine. */
const API_SERVER = '127.0.0.2';

const COUNT = 800;
/**
 * Clients and server share this process: on a busy machine a handshake can take longer than usually allowed.
 */
const PATIENT = { handshake: 60_000, asking: 60_000 };
/** Blocks this thread, as a long turn of the event loop does. */
const MAX_BLOCKED_MS = 60_000;

/** The kernel's limit of waiting connections, which an admin can lower. */
function expectedConnections(): number {
  try {
    return Math.min(COUNT, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  } catch {
    return 0; // not Linux: the kernel's limit is not known
  }
}

function countOf(answers: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

/** Opens a connection of its own, and gives the status of a review on it. */
async function reviewFrom({ port, certificate }: StartedWebhook, localAddress: string): Promise<number> {
  const body = reviewText();
  const outgoing = request({
    host: '127.0.0.1',
    port,
    localAddress,
    path: '/mutate/pods?timeout=5s',
    method: 'POST',
    ca: certificate.cert,
    agent: new Agent({ keepAlive: true }), // it stays open, like the API server's connections
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  response.resume();
  return response.statusCode;
}

async function crowdWhileBusy(port: number): Promise<CrowdReport> {
  const dialled = new Int32Array(new SharedArrayBuffer(4));
  const order: CrowdOrder = {
    port,
    crowd: { localAddress: ATTACKER, count: COUNT },
    newcomer: API_SERVER,
    dialled,
  };
  const worker = new Worker(new URL('./crowd.ts', import.meta.url), { workerData: order });
  const { promise, resolve, reject } = Promise.withResolvers<CrowdReport>();
  worker.once('message', resolve).once('error', reject);
  try {
    assert.equal(Atomics.wait(dialled, 0, 0, MAX_BLOCKED_MS), 'ok');
    return await promise;
  } finally {
    await worker.terminate();
  }
}

describe('many connections at once:', { timeout: 120_000 }, () => {
  it('nothing is read of a connection before its handshake begins', async () => {
    const accepted: Socket[] = [];
    const note = (message: unknown): void => void accepted.push(Object(message).socket);
    subscribe('net.server.socket', note);
    try {
      await withWebhook({}, async (started) => {
        const answers = await Promise.all(Array.from({ length: 50 }, () => reviewFrom(started, API_SERVER)));
        assert.deepEqual(countOf(answers), { 200: 50 });
      });
    } finally {
      unsubscribe('net.server.socket', note);
    }
    assert.ok(accepted.length >= 50);
    assert.equal(accepted.filter(({ readableDidRead }) => readableDidRead).length, 0);
  });

  it('a burst of the API server is answered, each review over a connection of its own', async () => {
    await withWebhook({ limits: PATIENT }, async (started) => {
      const answers = await Promise.all(Array.from({ length: 500 }, () => reviewFrom(started, API_SERVER)));
      assert.deepEqual(countOf(answers), { 200: 500 });
    });
  });

  it('a burst is also answered while another client opens more connections than the service accepts, and does not use them', async () => {
    await withWebhook({ limits: PATIENT }, async (started) => {
      const attackers: Socket[] = [];
      const attack = setInterval(() => {
        for (let count = 0; count < 100 && attackers.length < 5_000; count += 1)
          attackers.push(
            connect({ host: '127.0.0.1', port: started.port, localAddress: ATTACKER }).on('error', () => {}),
          );
      }, 10);
      try {
        await waitUntil('the attack has begun', 30_000, () => attackers.length > 1_000);
        const answers = await Promise.all(Array.from({ length: 200 }, () => reviewFrom(started, API_SERVER)));
        assert.deepEqual(countOf(answers), { 200: 200 });
      } finally {
        clearInterval(attack);
        for (const socket of attackers) socket.destroy();
      }
    });
  });

  it('connections during a busy time are queued by the kernel, and the handshake of a new client waits for few others', async () => {
    await withWebhook({ limits: { connections: 2 * COUNT, handshake: 60_000 } }, async ({ port }) => {
      const { connected, before } = await crowdWhileBusy(port);
      assert.ok(connected >= expectedConnections(), `${connected} connected`);
      assert.ok(before < connected / 2, `${before} of ${connected} came before the newcomer`);
    });
  });
});
