import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { CrowdOrder, CrowdReport } from './crowd.ts';
import { withWebhook } from './started-webhook.ts';

const COUNT = 800;
/** Blocks this thread, as a long turn of the event loop does. */
const BLOCKED_AT_MOST_MS = 60_000;

/** As many as the kernel lets wait at all; fewer where an admin says so. */
function expectedConnections(): number {
  try {
    return Math.min(COUNT, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  } catch {
    return 0; // no Linux: the kernel's limit is not known
  }
}

async function crowdWhileBusy(port: number): Promise<CrowdReport> {
  const dialled = new Int32Array(new SharedArrayBuffer(4));
  const order: CrowdOrder = {
    port,
    crowd: { localAddress: '127.0.0.1', count: COUNT },
    newcomer: '127.0.0.2',
    dialled,
  };
  const worker = new Worker(new URL('./crowd.ts', import.meta.url), { workerData: order });
  const { promise, resolve, reject } = Promise.withResolvers<CrowdReport>();
  worker.once('message', resolve).once('error', reject);
  try {
    assert.equal(Atomics.wait(dialled, 0, 0, BLOCKED_AT_MOST_MS), 'ok');
    return await promise;
  } finally {
    await worker.terminate();
  }
}

describe('a crowd that connects while the service is busy', () => {
  it(
    'is kept by the kernel, and a newcomer’s handshake waits for few of it',
    { timeout: 120_000 },
    async () => {
      await withWebhook({ limits: { connections: 2 * COUNT, handshake: 60_000 } }, async ({ port }) => {
        const { connected, before } = await crowdWhileBusy(port);
        assert.ok(connected >= expectedConnections(), `${connected} connected`);
        assert.ok(before < connected / 2, `${before} of ${connected} came before the newcomer`);
      });
    },
  );
});
