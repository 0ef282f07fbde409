import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { DAY, NOW } from '../fixtures/observed.ts';
import { jwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET } from './model/sources.ts';

describe('a round', () => {
  it('that signs after the token has expired is a renewal, late by the time since it was planned', async () => {
    const first = makeReconciler([KEY_SECRET]);
    await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
    const secret = stored(first.secrets[0]);
    const planned = first.statuses[0];
    assert.ok(planned?.renewsAt !== undefined);
    let recorded = planned;
    // The key is missing at the planned renewal, when it is overdue, at the expiry, and an hour later.
    for (const now of [planned.renewsAt, NOW + 22 * 3_600, NOW + DAY, NOW + DAY + 3_600]) {
      const without = makeReconciler([secret]);
      await reconcileJwt(
        { ...without.reconciler, now: () => now * 1000 },
        { ...jwt, recorded },
        NEXT_ATTEMPT_AT,
      );
      recorded = without.statuses.at(-1) ?? recorded;
      const { expiresAt, renewsAt } = recorded;
      assert.deepEqual([expiresAt, renewsAt], [NOW + DAY, planned.renewsAt], 'the metrics show them');
    }
    const now = NOW + DAY + 7_200;
    const last = makeReconciler([KEY_SECRET, secret]);
    // The budget for unscheduled writes is used up.
    for (let write = 0; write < 6; write += 1) last.reconciler.memory.budget.spend(jwt.uid, now, {});
    await reconcileJwt({ ...last.reconciler, now: () => now * 1000 }, { ...jwt, recorded }, NEXT_ATTEMPT_AT);
    const [signature] = last.signed;
    assert.deepEqual([signature?.cause, signature?.lateness], ['Expired', now - planned.renewsAt]);
    assert.equal(last.statuses.at(-1)?.renewals, 1);
  });

  it('records a signature whose answer was lost once its token is found in the Secret', async () => {
    const first = makeReconciler([KEY_SECRET], ['secret']);
    await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(first.signed, [], 'nobody knows whether it arrived');
    const { memory } = first.reconciler;
    const later = makeReconciler([KEY_SECRET, stored(first.secrets[0])]);
    const next = { ...later.reconciler, memory, now: () => (NOW + 5) * 1000 };
    await reconcileJwt(next, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual([later.secrets, later.statuses.length], [[], 1]);
    const tokenId = later.statuses[0]?.tokenId;
    assert.deepEqual(
      later.signed.map((entry) => [entry.cause, entry.tokenId, entry.expiresAt]),
      [['SecretMissing', tokenId, NOW + DAY]],
    );
    await reconcileJwt(next, jwt, NEXT_ATTEMPT_AT);
    assert.equal(later.signed.length, 1, 'once');
  });

  it('records a signature once if its answer comes after its token was found in the Secret', async () => {
    const first = makeReconciler([KEY_SECRET]);
    const { store, recorder, memory } = first.reconciler;
    const sent = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const applySecret: typeof store.applySecret = async (...write) => {
      await store.applySecret(...write);
      sent.resolve();
      await answered.promise;
    };
    const slow = { ...first.reconciler, store: { ...store, applySecret } };
    const givenUp = reconcileJwt(slow, jwt, NEXT_ATTEMPT_AT);
    await sent.promise;
    const later = makeReconciler([KEY_SECRET, stored(first.secrets[0])]);
    await reconcileJwt({ ...later.reconciler, memory, recorder }, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual([first.signed.length, later.statuses.length], [1, 1], 'the next term found it');
    answered.resolve();
    await givenUp;
    assert.equal(first.signed.length, 1);
  });

  it('is not late if an earlier token was put back after a renewal on time whose status could not be written', async () => {
    for (const isFirstRecorded of [true, false]) {
      const first = makeReconciler([KEY_SECRET], isFirstRecorded ? [] : ['status']);
      await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
      const { memory } = first.reconciler;
      const [announced] = first.statuses;
      assert.ok(announced?.renewsAt !== undefined);
      const onTime = announced.renewsAt + 1; // the status has whole seconds
      const known: Jwt = isFirstRecorded ? { ...jwt, recorded: announced } : jwt;
      const earlier = stored(first.secrets[0]);
      const renewed = makeReconciler([KEY_SECRET, earlier], ['status']);
      const due = { ...renewed.reconciler, memory, now: () => onTime * 1000 };
      await reconcileJwt(due, known, NEXT_ATTEMPT_AT);
      assert.ok((renewed.signed[0]?.lateness ?? 2) <= 1);
      const restored = makeReconciler([KEY_SECRET, earlier]);
      const later = (onTime + 3_600) * 1000;
      await reconcileJwt({ ...restored.reconciler, memory, now: () => later }, known, NEXT_ATTEMPT_AT);
      const [repair] = restored.signed;
      assert.deepEqual([repair?.cause, repair?.lateness], ['RenewalDue', undefined]);
      assert.equal(restored.statuses.at(-1)?.renewals, 2, 'both are renewals');
    }
  });
});
