import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import type { Reconciler } from '../../src/loop/round.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import type { Failure } from '../../src/reconcile/failure.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { renewalTime } from '../../src/signing/schedule.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { DAY, NOW } from '../fixtures/observed.ts';
import { makeReconciler, refused, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, WITH_KEY } from './model/sources.ts';

const POLICY: Failure = { ...refused, refusal: { kind: 'policy', subject: 'p1' } };
const jwt = makeJwt(WITH_KEY);

/** The store fails the first write of a status, and no other. */
function failFirstStatus({ store }: Reconciler): Reconciler['store'] {
  let count = 0;
  return {
    ...store,
    applyStatus: async (body) => {
      count += 1;
      if (count === 1) throw new Error('503');
      await store.applyStatus(body);
    },
  };
}

/** The JWT after its first round, and that round. */
async function settle(): Promise<{
  readonly settled: Jwt;
  readonly first: ReturnType<typeof makeReconciler>;
}> {
  const first = makeReconciler([KEY_SECRET]);
  await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
  return { settled: { ...jwt, recorded: first.statuses[0] ?? NO_STATUS }, first };
}

describe('a status that cannot be written after the Secret was', () => {
  it('reports the existing token at the second try', async () => {
    const made = makeReconciler([KEY_SECRET]);
    const store = failFirstStatus(made.reconciler);
    await reconcileJwt({ ...made.reconciler, store }, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(made.writes, ['secret', 'status']);
    const status = made.statuses[0] ?? NO_STATUS;
    assert.deepEqual(
      [status.tokenId, status.expiresAt, status.nextAttemptAt],
      [made.signed[0]?.tokenId, NOW + DAY, NEXT_ATTEMPT_AT],
    );
    const { status: isReady, reason } = findCondition(status, 'Ready') ?? {};
    assert.deepEqual([isReady, reason], ['True', 'WriteFailed']);
  });

  it('is tried again sooner than a refused Secret, and never after the renewal', async () => {
    const made = makeReconciler([KEY_SECRET], ['status'], POLICY);
    const round = await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.ok(jwt.spec.ok);
    const renewsAt = renewalTime(jwt.uid, NOW + DAY, jwt.spec.value) * 1000;
    assert.deepEqual(round, { next: 'retry', dueAt: renewsAt });
    const [failed] = made.failed;
    assert.ok(Array.isArray(failed));
    assert.deepEqual([failed[0], failed[2]], ['WriteRefused', NEXT_ATTEMPT_AT]);
    assert.match(String(failed[1]), /It is tried again after 1 s, 2 s … 5 min, and when/);
  });
});

describe('a status that cannot be written, like the Secret before it', () => {
  it('is tried again sooner than a refused Secret', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret', 'status'], POLICY);
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'retry' });
    assert.deepEqual(made.writes, ['secret', 'status']);
    const [failed] = made.failed;
    assert.ok(Array.isArray(failed));
    assert.deepEqual([failed[0], failed[2]], ['WriteRefused', NEXT_ATTEMPT_AT]);
  });

  it('is not tried again before the times in the answers to both writes', async () => {
    for (const [secretMs, statusMs] of [
      [60_000, undefined],
      [undefined, 60_000],
      [60_000, 5_000],
    ] as const) {
      const made = makeReconciler([KEY_SECRET], ['secret', 'status']);
      const classify = (error: unknown): Failure => ({
        ...refused,
        retryAfter: error instanceof Error && error.message === 'secret' ? secretMs : statusMs,
      });
      const round = await reconcileJwt({ ...made.reconciler, classify }, jwt, NEXT_ATTEMPT_AT);
      assert.deepEqual(round, { next: 'retry', after: 60_000 });
    }
  });
});

describe('a status of an earlier try that arrives late, during a round that has nothing to write', () => {
  it('is read at once, and the round counts as no failure', async () => {
    const { settled, first } = await settle();
    const late: Jwt = { ...settled, recorded: { ...settled.recorded, nextAttemptAt: NOW } };
    const seen = [KEY_SECRET, stored(first.secrets[0])];
    const made = makeReconciler(seen, [], refused, [late]);
    const round = await reconcileJwt(made.reconciler, settled, NEXT_ATTEMPT_AT);
    assert.deepEqual(round, { next: 'wait', dueAt: NOW * 1000 });
    assert.deepEqual(made.writes, []);
    const { next } = await reconcileJwt(made.reconciler, late, NEXT_ATTEMPT_AT);
    assert.deepEqual([next, made.writes], ['wait', ['status']]);
  });
});

describe('the wait after a refused write of the Secret', () => {
  const late =
    (expiresAt: number, more: Partial<Failure> = {}, seconds = 10) =>
    async () => {
      const { settled, first } = await settle();
      const made = makeReconciler([KEY_SECRET, stored(first.secrets[0])], ['secret'], { ...POLICY, ...more });
      const now = () => (expiresAt - seconds) * 1000;
      const round = await reconcileJwt({ ...made.reconciler, now }, settled, now() + 1_000);
      return { round, status: made.statuses[0] ?? NO_STATUS };
    };

  it('ends when the token expires: the status does not call it valid after that', async () => {
    const { round, status } = await late(NOW + DAY)();
    const dueAt = (NOW + DAY) * 1000;
    assert.deepEqual(round, { next: 'retry', after: 300_000, dueAt });
    assert.equal(status.nextAttemptAt, NOW + DAY);
  });

  it('ends at the earliest at the time in the API server’s answer', async () => {
    const { round, status } = await late(NOW + DAY, { refusal: undefined, retryAfter: 60_000 })();
    assert.deepEqual(round, { next: 'retry', after: 60_000, dueAt: (NOW + DAY + 50) * 1000 });
    assert.equal(status.nextAttemptAt, NOW + DAY + 50);
  });
});
