import { after, before, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { orderCrypto, type OrderedCrypto } from './model-crypto.ts';
import { playSchedule, randomNumbers } from './model-run.ts';
import { schedule, type Schedule } from './model-steps.ts';

/** 10,000 in CI. */
const RUNS = Number(process.env['FC_RUNS'] ?? 300);

describe('the laws of fresh tokens', () => {
  let crypto: OrderedCrypto;
  before(() => {
    crypto = orderCrypto();
  });
  after(() => {
    crypto.restore();
  });

  async function play(played: Schedule): Promise<void> {
    // The back-off of the queue is random.
    const random = mock.method(Math, 'random', randomNumbers(played.seed));
    try {
      await playSchedule(played, crypto);
    } finally {
      random.mock.restore();
    }
  }

  it('hold whatever happens in whatever order', { timeout: 1_000_000 }, async () => {
    await fc.assert(fc.asyncProperty(schedule, play), { numRuns: RUNS });
  });
});
