import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Lanes } from '../../src/queue/lanes.ts';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';
import { PATIENT } from './patient.ts';

const MINUTE_MS = 60_000;
const LIFETIME_MS = 10 * MINUTE_MS;

/**
 * 600 JWTs of 50 namespaces, renewed after half of ten minutes. From the fifth minute on, every round takes
 * this time.
 */
async function simulate(roundMs: number): Promise<{ renewals: number; expired: number; most: number }> {
  const seen = { renewals: 0, expired: 0, most: 0 };
  const expiries = new Map<string, number>();
  const random = randomNumbers(2);
  let active = 0;
  const { queue, clock } = startQueue(
    async (key) => {
      active += 1;
      seen.most = Math.max(seen.most, active);
      await clock.sleep(clock.now() < 5 * MINUTE_MS ? 20 : roundMs);
      active -= 1;
      const expiresAt = expiries.get(key);
      if (expiresAt !== undefined) seen.renewals += 1;
      if (expiresAt !== undefined && clock.now() > expiresAt) seen.expired += 1;
      expiries.set(key, clock.now() + LIFETIME_MS);
      const dueAt = clock.now() + (LIFETIME_MS / 2) * (0.95 + 0.05 * random());
      return { next: 'wait', dueAt, expiresAt: clock.now() + LIFETIME_MS };
    },
    { random: randomNumbers(1) },
  );
  for (let each = 0; each < 600; each += 1) queue.add(`ns-${each % 50}/jwt-${each}`, { priority: 'new' });
  await clock.advance(40 * MINUTE_MS);
  const stopping = queue.stop();
  await clock.advance(2 * roundMs);
  await stopping;
  return seen;
}

it('no token expires while workers are free, even if all answers of the API server are late for a long time', async () => {
  const { renewals, expired, most } = await simulate(5_000);
  assert.ok(renewals > 600 * 6, `${renewals} renewals`);
  assert.equal(expired, 0, `${expired} of ${renewals} renewals came after the expiry`);
  assert.ok(most <= 4 * 32, `${most} at once`);
});

it('renewals that are due again and again leave workers for a new JWT', async () => {
  const begun = new Map<string, number>();
  const { queue, clock } = startQueue(
    async (key) => {
      begun.set(key, clock.now());
      await clock.sleep(3_000);
      return { next: 'wait', dueAt: clock.now() + 30_000, expiresAt: clock.now() + 60_000 };
    },
    { random: randomNumbers(1) },
  );
  for (let each = 0; each < 600; each += 1) queue.add(`many/jwt-${each}`, { priority: 'new' });
  await clock.advance(15 * MINUTE_MS);
  assert.equal(begun.size, 600, 'all of them had their first round');
  queue.add('other/new', { priority: 'new' });
  await clock.advance(10_000);
  assert.ok(begun.has('other/new'));
  const stopping = queue.stop();
  await clock.advance(10_000);
  await stopping;
});

for (const [title, areSuspects] of [
  ['of keys that were quick before', false],
  ['of keys that were slow before', true],
] as const)
  it(`new JWTs get their workers if too many renewals take half a minute each, ${title}`, () => {
    const [DUE, NEW] = [0, 1];
    const lanes = new Lanes(32);
    const endsAt = new Map<string, number>();
    const begun: number[] = [];
    const random = randomNumbers(1);
    let sequence = 0;
    const waitFor = (name: string, rank: number, expiresAt: number): void => {
      sequence += 1;
      lanes.set(`ns-${sequence % 50}/${name}-${sequence}`, { rank, expiresAt, sequence, ...PATIENT });
    };
    for (let each = 0; each < 500; each += 1) waitFor('due', DUE, each);
    for (let each = 0; each < 50; each += 1) waitFor('new', NEW, Number.POSITIVE_INFINITY);
    for (let now = 0; now < 10 * MINUTE_MS; now += 100) {
      for (const [key, at] of endsAt) {
        if (now < at) continue;
        endsAt.delete(key);
        lanes.end(key, now, false);
        if (areSuspects && key.includes('due'))
          lanes.set(key, { rank: DUE, expiresAt: now, sequence: 0, ...PATIENT });
      }
      for (let next = lanes.begin(now); next !== undefined; next = lanes.begin(now)) {
        endsAt.set(next.key, now + 10_000 + 20_000 * random());
        if (next.key.includes('new')) begun.push(now);
        if (next.key.includes('new')) waitFor('new', NEW, Number.POSITIVE_INFINITY);
        else waitFor('due', DUE, now);
      }
      assert.ok(endsAt.size <= 4 * 32, `${endsAt.size} at once`);
    }
    const last = begun.filter((at) => at >= 5 * MINUTE_MS).length;
    assert.ok(last >= 20, `${last} began in the last five minutes`);
  });
