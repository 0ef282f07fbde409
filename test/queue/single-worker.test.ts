import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SingleWorker } from '../../src/queue/single-worker.ts';
import { startQueue } from './noted-queue.ts';

describe('a single worker', () => {
  it('belongs to quick keys for as long as the last limited round took', () => {
    const shared = new SingleWorker();
    assert.equal(shared.isQuickBehind, false);
    shared.ended(false, 100);
    for (const took of [40, 40, 40]) {
      assert.ok(shared.isQuickBehind);
      shared.ended(true, took);
    }
    assert.equal(shared.isQuickBehind, false);
  });

  it('alternates between rounds that take no time', () => {
    const shared = new SingleWorker();
    shared.ended(false, 0);
    assert.ok(shared.isQuickBehind);
    shared.ended(true, 0);
    assert.equal(shared.isQuickBehind, false);
  });

  it('renews ten JWTs in time beside a thousand that fail after ten seconds each', async () => {
    const dueAt = new Map<string, number>();
    let latest = 0;
    const { queue, clock } = startQueue(
      async (key) => {
        if (!key.startsWith('healthy/')) {
          await clock.sleep(10_000);
          return { next: 'retry' };
        }
        latest = Math.max(latest, clock.now() - (dueAt.get(key) ?? clock.now()));
        await clock.sleep(50);
        const due = clock.now() + 30_000;
        dueAt.set(key, due);
        return { next: 'wait', dueAt: due, expiresAt: due + 30_000 };
      },
      { workers: 1 },
    );
    for (let each = 0; each < 10; each += 1) queue.add(`healthy/${each}`, { priority: 'new' });
    await clock.advance(5_000);
    for (let each = 0; each < 1_000; each += 1)
      queue.add(`hostile/${each}`, { priority: 'new', expiresAt: 1 });
    await clock.advance(10 * 60_000);
    const stopping = queue.stop();
    await clock.advance(10_000);
    await stopping;
    assert.equal(dueAt.size, 10);
    for (const due of dueAt.values()) latest = Math.max(latest, clock.now() - due);
    assert.ok(latest <= 15_000, `${latest} ms late`);
  });
});
