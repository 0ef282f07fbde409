import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { leaderOnlyStore } from '../../src/loop/guarded-store.ts';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import type { Reconciler } from '../../src/loop/round.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import type { Failure } from '../../src/reconcile/failure.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { NO_STATUS } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { DAY, NOW } from '../fixtures/observed.ts';
import { jwt, makeReconciler, stored } from './made-reconciler.ts';
import { KEY_SECRET, wireSecret } from './model/sources.ts';

/** Answers of the API server to a write of the Secret. */
const ANSWERS = {
  unavailable: { meaning: 'failed', message: 'apply secrets: 503 Service Unavailable' },
  timeout: { meaning: 'failed', message: 'apply secrets: no answer within 5 s' },
  refused: {
    meaning: 'failed',
    message: 'apply secrets: 403 Forbidden',
    refusal: { kind: 'policy', subject: 'p' },
  },
  conflict: { meaning: 'stale', message: 'apply secrets: 409 Conflict' },
  terminating: { meaning: 'terminating', message: 'apply secrets: 403 Forbidden' },
  absent: { meaning: 'absent', message: 'apply secrets: 404 Not Found' },
  bug: undefined,
} as const satisfies Record<string, Failure | undefined>;
type Answer = keyof typeof ANSWERS | 'written';
const isAnswer = (word: string): word is keyof typeof ANSWERS => Object.hasOwn(ANSWERS, word);

/** Rounds of one process, at times in seconds after `NOW`. Records the Secrets that were sent. */
function startRounds(seen: readonly JsonObject[] = [KEY_SECRET]) {
  const made = makeReconciler(seen, [], undefined, [jwt]);
  const sent: number[] = [];
  const reconcile = (after: number, answer: Answer, of: Jwt = jwt) => {
    const now = NOW + after;
    const reconciler: Reconciler = {
      ...made.reconciler,
      now: () => now * 1_000,
      classify: (error) =>
        error instanceof Error && isAnswer(error.message) ? ANSWERS[error.message] : undefined,
      store: {
        ...made.reconciler.store,
        applySecret: async (body, options) => {
          sent.push(after);
          await made.reconciler.store.applySecret(body, options);
          if (answer !== 'written') throw new Error(answer);
        },
      },
    };
    return reconcileJwt(reconciler, of, now + 1);
  };
  return { made, sent, reconcile };
}

describe('writes of the Secret that fail', () => {
  for (const answer of ['unavailable', 'timeout', 'terminating', 'absent', 'bug'] as const)
    it(`are made five times at once, for any number of edits of the JWT, then delayed: ${answer}`, async () => {
      const { made, sent, reconcile } = startRounds();
      for (let edit = 0; edit < 200; edit += 1) await reconcile(edit / 10, answer);
      assert.deepEqual(sent.slice(0, 5), [0, 0.1, 0.2, 0.3, 0.4]);
      assert.equal(sent.length, 9, `a signature for each, at ${String(sent)}`);
      const status = made.statuses.at(-1) ?? NO_STATUS;
      const ready = findCondition(status, 'Ready');
      assert.equal(ready?.reason, 'WriteFailed');
      assert.doesNotMatch(ready?.message ?? '', /T\d\d:/, 'a time would be that of an earlier try by now');
      assert.equal(findCondition(status, 'Contended'), undefined, 'nobody else changes anything');
    });

  it('that were not even sent, as leadership is in doubt, do not count as changes by others, either', async () => {
    const made = makeReconciler([KEY_SECRET]);
    let isLeader = false;
    const store = leaderOnlyStore(made.reconciler.store, () => isLeader);
    const reconcile = () => reconcileJwt({ ...made.reconciler, store }, jwt, NOW + 1);
    for (let edit = 0; edit < 9; edit += 1) await reconcile();
    isLeader = true;
    await reconcile();
    const held = made.statuses.at(-1) ?? NO_STATUS;
    assert.equal(made.secrets.length, 0, 'that one has to wait');
    assert.equal(findCondition(held, 'Contended'), undefined);
    assert.match(findCondition(held, 'Ready')?.message ?? '', /leadership was lost, or is in doubt/);
  });

  it('do not count any more after one succeeds', async () => {
    const { sent, reconcile } = startRounds();
    for (let edit = 0; edit < 9; edit += 1) await reconcile(0, 'unavailable');
    await reconcile(2, 'written');
    await reconcile(2, 'written');
    assert.equal(sent.length, 7);
  });

  it('of a due renewal are made at least every half minute, and five times at once in addition', async () => {
    const { sent, reconcile } = startRounds();
    const due: Jwt = { ...jwt, recorded: { ...NO_STATUS, renewsAt: NOW - 1 } };
    for (let edit = 0; edit < 200; edit += 1) await reconcile(edit / 10, 'unavailable', due);
    assert.equal(sent.length, 10, `at ${String(sent)}`);
    const { made, ...contended } = startRounds();
    for (let write = 0; write < 20; write += 1) made.reconciler.memory.budget.spend(jwt.uid, NOW, {});
    for (let edit = 0; edit < 650; edit += 1) await contended.reconcile(edit / 10, 'unavailable', due);
    assert.deepEqual(contended.sent, [0, 30, 60], 'also if others use up the budget for unscheduled writes');
  });

  it('can have arrived: a token that is found later is known, although the next write was delayed meanwhile', async () => {
    const { made, sent, reconcile } = startRounds();
    for (let edit = 0; edit < 8; edit += 1) await reconcile(0, 'timeout');
    assert.equal(sent.length, 5);
    const late = startRounds([KEY_SECRET, stored(made.secrets[4])]);
    const reconciler = { ...late.made.reconciler, memory: made.reconciler.memory };
    // The status was written while the write was delayed: it does not contain the token.
    const recorded = made.statuses.at(-1) ?? NO_STATUS;
    assert.equal(recorded.tokenId, undefined);
    await reconcileJwt(reconciler, { ...jwt, recorded }, NOW + 1);
    assert.deepEqual([late.made.secrets.length, late.made.signed.length], [0, 1]);
    const status = late.made.statuses.at(-1);
    assert.deepEqual([status?.expiresAt, status?.issuedAt], [NOW + DAY, NOW]);
  });

  it('can have arrived: a token that a read finds before the watch reports it is known, too', async () => {
    const first = makeReconciler([KEY_SECRET]);
    await reconcileJwt(first.reconciler, jwt, NOW + 1);
    const settled: Jwt = { ...jwt, recorded: first.statuses[0] ?? NO_STATUS };
    // The key was changed, and the Secret deleted.
    const seen = [wireSecret('k', { 'key.pem': toPem(makeKey('ES256')) }, { resourceVersion: '9' })];
    const lost = makeReconciler(seen, ['secret'], ANSWERS.timeout, [settled]);
    await reconcileJwt(lost.reconciler, settled, NOW + 1);
    assert.equal(lost.secrets.length, 1);
    const arrived = makeReconciler(seen, [], undefined, [settled], [...seen, stored(lost.secrets[0])]);
    await reconcileJwt({ ...arrived.reconciler, memory: lost.reconciler.memory }, settled, NOW + 2);
    assert.deepEqual([arrived.signed.length, arrived.writes], [1, ['status']]);
  });

  it('cost no more signatures than the budget has, for any answers', async () => {
    const step = fc.record({
      wait: fc.double({ min: 0, max: 4, noNaN: true }),
      answer: fc.constantFrom<Answer>(
        'written',
        'unavailable',
        'timeout',
        'refused',
        'conflict',
        'terminating',
        'bug',
      ),
      isDue: fc.boolean(),
    });
    const due: Jwt = { ...jwt, recorded: { ...NO_STATUS, renewsAt: NOW - 1 } };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 150 }), async (steps) => {
        const { sent, reconcile } = startRounds();
        let now = 0;
        for (const { wait, answer, isDue } of steps) {
          now += wait;
          await reconcile(now, answer, isDue ? due : jwt);
        }
        // At once, and twice if every other write succeeds; one a minute is returned to the budget; a renewal
        // every half minute.
        const most = 2 * (15 + now / 60) + now / 30 + 1;
        assert.ok(sent.length <= most, `${sent.length} in ${now} s`);
      }),
      { numRuns: 50 },
    );
  });
});
