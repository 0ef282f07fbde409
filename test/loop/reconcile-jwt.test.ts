import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PublicKeys } from '../../src/loop/public-keys.ts';
import type { Failure } from '../../src/reconcile/failure.ts';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import { describeRefusal } from '../../src/reconcile/refusal.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { formatRecordedStatus } from '../../src/resources/recorded-status.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { DAY, NOW } from '../fixtures/observed.ts';
import { jwt, makeReconciler, refused, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, WITH_KEY, wireSecret } from './model/sources.ts';

describe('a round', () => {
  it('signs, writes the Secret, then the status, reports it, and plans a round for the renewal', async () => {
    const made = makeReconciler([KEY_SECRET]);
    const round = await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(made.writes, ['secret', 'status']);
    assert.deepEqual(made.reads, ['science/k']);
    const [signature] = made.signed;
    assert.deepEqual(
      [signature?.cause, signature?.expiresAt, signature?.lateness],
      ['SecretMissing', NOW + DAY, undefined],
    );
    assert.equal(made.statuses[0]?.tokenId, signature?.tokenId);
    assert.deepEqual(made.changed, ['Ready Signed true', 'KeyAvailable Signed true']);
    assert.ok(round.next === 'wait' && round.dueAt !== undefined);
    assert.ok(round.dueAt / 1000 > NOW + 18 * 3600 && round.dueAt / 1000 <= NOW + 19 * 3600);
  });

  it('without anything to do writes nothing and reports nothing', async () => {
    const first = makeReconciler([KEY_SECRET]);
    await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
    const settled: Jwt = { ...jwt, recorded: first.statuses[0] ?? NO_STATUS };
    const second = makeReconciler([KEY_SECRET, stored(first.secrets[0])]);
    const round = await reconcileJwt(second.reconciler, settled, NEXT_ATTEMPT_AT);
    assert.deepEqual(
      [second.writes, second.reads, second.changed],
      [[], [], []],
      'no private key was read either',
    );
    assert.ok(round.next === 'wait' && round.dueAt !== undefined);
  });

  it('without a key reports it once, and waits for it without trying again', async () => {
    const made = makeReconciler([]);
    const round = await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(round, { next: 'wait', dueAt: undefined });
    assert.deepEqual(made.writes, ['status']);
    assert.deepEqual(made.changed, ['Ready KeyNotFound true', 'KeyAvailable KeyNotFound true']);
    const again = makeReconciler([]);
    await reconcileJwt(
      again.reconciler,
      { ...jwt, recorded: made.statuses[0] ?? NO_STATUS },
      NEXT_ATTEMPT_AT,
    );
    assert.deepEqual(again.writes, []);
  });

  it('soon tries again if the watch has a key and the API server does not', async () => {
    const made = makeReconciler([KEY_SECRET]);
    const { observer } = made.reconciler;
    const sources = { ...observer.sources, readSecret: async () => undefined };
    const round = await reconcileJwt(
      { ...made.reconciler, observer: { ...observer, sources } },
      jwt,
      NEXT_ATTEMPT_AT,
    );
    assert.deepEqual(round, { next: 'retry' });
    assert.deepEqual(made.changed, ['Ready KeyNotFound true', 'KeyAvailable KeyNotFound true']);
  });

  it('leaves a JWT alone that is being deleted', async () => {
    const made = makeReconciler([KEY_SECRET]);
    const round = await reconcileJwt(made.reconciler, { ...jwt, isDeleting: true }, NEXT_ATTEMPT_AT);
    assert.deepEqual([round, made.writes], [{ next: 'wait', dueAt: undefined }, []]);
  });

  it('leaves the annotations and the finalizer of token-manager alone', async () => {
    const made = makeReconciler([KEY_SECRET]);
    const annotations = { 'kopf.zalando.org/last-handled-configuration': '{}' };
    const marked = { ...jwt, annotations, finalizers: ['kopf.zalando.org/KopfFinalizerMarker'] };
    await reconcileJwt(made.reconciler, marked, NEXT_ATTEMPT_AT);
    assert.deepEqual(made.writes, ['secret', 'status']);
  });

  it('removes the finalizer of token-manager from a deleted JWT after ten seconds, and plans a round for then', async () => {
    const made = makeReconciler([KEY_SECRET]);
    const finalizers = ['kopf.zalando.org/KopfFinalizerMarker'];
    const deleted = { ...jwt, isDeleting: true, finalizers };
    const early = await reconcileJwt(made.reconciler, { ...deleted, deletedAt: NOW - 9 }, NEXT_ATTEMPT_AT);
    assert.deepEqual([early, made.writes], [{ next: 'wait', dueAt: (NOW + 1) * 1000 }, []]);
    await reconcileJwt(made.reconciler, { ...deleted, deletedAt: NOW - 10 }, NEXT_ATTEMPT_AT);
    assert.deepEqual(made.writes, ['jwt']);
    await reconcileJwt(
      made.reconciler,
      { ...deleted, deletedAt: NOW - 99, finalizers: ['x/y'] },
      NEXT_ATTEMPT_AT,
    );
    assert.deepEqual(made.writes, ['jwt'], 'finalizers of others are not ours');
  });
});

describe('a refused write', () => {
  it('a missing right is tried again after the usual back-off: an API server that has just started refuses everything', async () => {
    const refusal = { kind: 'no-right', subject: 'patch secrets' } as const;
    const made = makeReconciler([KEY_SECRET], ['secret'], { ...refused, refusal, retryAfter: undefined });
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'retry' });
  });

  it('that will not end by itself is reported with a fixed message, and tried again in five minutes', async () => {
    const refusal = { kind: 'quota', subject: 'q1' } as const;
    const made = makeReconciler([KEY_SECRET], ['secret'], { ...refused, refusal, retryAfter: 7_000 });
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), {
      next: 'retry',
      after: 300_000,
    });
    const message = describeRefusal(refusal, jwt, 300_000);
    assert.deepEqual(made.failed, [['WriteRefused', message, NOW + 300]]);
    assert.deepEqual(findCondition(made.statuses[0] ?? NO_STATUS, 'Ready')?.message, message);
    assert.equal(made.statuses[0]?.nextAttemptAt, NOW + 300);
  });

  it('is tried five times at once, for any number of changes of the JWT, then delayed, and the status still says why', async () => {
    const refusal = { kind: 'quota', subject: 'q1' } as const;
    const made = makeReconciler([KEY_SECRET], ['secret'], { ...refused, refusal });
    for (let change = 0; change < 5; change += 1) await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.equal(made.secrets.length, 5);
    for (let change = 0; change < 5; change += 1) {
      const held = await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
      assert.deepEqual(held, { next: 'wait', dueAt: NOW * 1000 + 1_250 });
    }
    assert.equal(made.secrets.length, 5, 'no more signatures');
    const status = made.statuses.at(-1) ?? NO_STATUS;
    assert.equal(findCondition(status, 'Ready')?.message, describeRefusal(refusal, jwt, 300_000));
    assert.equal(findCondition(status, 'Contended'), undefined);
    assert.equal(status.nextAttemptAt, NOW + 1);
  });

  it('keeps a Secret contended that another client changes again and again', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret']);
    for (let write = 0; write < 5; write += 1) made.reconciler.memory.budget.spend(jwt.uid, NOW - 2, {});
    made.reconciler.memory.budget.spend(jwt.uid, NOW - 2, {});
    const announced = { ...jwt, recorded: { ...NO_STATUS, renewsAt: NOW - 1 } };
    await reconcileJwt(made.reconciler, announced, NEXT_ATTEMPT_AT);
    const status = made.statuses.at(-1) ?? NO_STATUS;
    assert.equal(findCondition(status, 'Ready')?.reason, 'WriteFailed');
    assert.equal(findCondition(status, 'Contended')?.status, 'True');
  });

  it('can ask for a longer wait', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret'], { ...refused, retryAfter: 60_000 });
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), {
      next: 'retry',
      after: 60_000,
    });
    assert.equal(made.statuses[0]?.nextAttemptAt, NOW + 60);
  });

  it('is reported in recorder and status, with the time of the next attempt', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret']);
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'retry' });
    const message = 'apply secrets: 403 Forbidden; it is tried again';
    assert.deepEqual(made.failed, [['WriteFailed', message, NEXT_ATTEMPT_AT]]);
    assert.equal(findCondition(made.statuses[0] ?? NO_STATUS, 'Ready')?.message, message);
    assert.equal(made.statuses[0]?.nextAttemptAt, NOW + 4);
    assert.deepEqual(made.signed, []);
  });

  it('is tried again quietly when the object changed meanwhile', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret'], { ...refused, meaning: 'stale' });
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'retry' });
    assert.deepEqual([made.failed, made.statuses], [[], []]);
  });

  it('is quietly left until the next round if the namespace is being deleted', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret'], { ...refused, meaning: 'terminating' });
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'wait' });
    assert.deepEqual([made.failed, made.statuses], [[], []]);
  });

  it('because an object is missing is tried again, quietly if that is the JWT itself: its watch will report it', async () => {
    const absent: Failure = { meaning: 'absent', message: 'apply jwts/status: 404 NotFound' };
    const gone = makeReconciler([KEY_SECRET], ['status'], absent);
    assert.deepEqual(await reconcileJwt(gone.reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'retry' });
    assert.deepEqual([gone.failed, gone.reads.at(-1)], [[], `jwt science/${jwt.name}`]);
    const stays = makeReconciler([KEY_SECRET], ['status'], absent, [jwt]);
    assert.equal((await reconcileJwt(stays.reconciler, jwt, NEXT_ATTEMPT_AT)).next, 'retry');
    assert.deepEqual(stays.failed, [
      ['WriteFailed', `${absent.message}; it is tried again`, NEXT_ATTEMPT_AT],
    ]);
  });

  it('of the status too does not end the loop', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret', 'status']);
    assert.deepEqual(await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'retry' });
  });

  it('of the status after a signature leads to no second signature once the token is seen', async () => {
    const renewed = makeJwt(WITH_KEY, { metadata: { annotations: { 'tokens.osg-htc.org/renew': '1' } } });
    const first = makeReconciler([KEY_SECRET], ['status']);
    await reconcileJwt(first.reconciler, renewed, NEXT_ATTEMPT_AT);
    const second = makeReconciler([KEY_SECRET, stored(first.secrets[0])]);
    const { memory } = first.reconciler;
    await reconcileJwt({ ...second.reconciler, memory }, renewed, NEXT_ATTEMPT_AT);
    assert.deepEqual(second.writes, ['status']);
    assert.deepEqual(
      [second.statuses[0]?.lastRenew, second.statuses[0]?.tokenId],
      ['1', first.signed[0]?.tokenId],
    );
  });

  it('that the leader before completed is not repeated, although the cache does not have it yet', async () => {
    const settledBefore = makeReconciler([KEY_SECRET]);
    await reconcileJwt(settledBefore.reconciler, jwt, NEXT_ATTEMPT_AT);
    const asked = makeJwt(WITH_KEY, {
      metadata: { annotations: { 'tokens.osg-htc.org/renew': '1' } },
      status: formatRecordedStatus(settledBefore.statuses[0] ?? NO_STATUS),
    });
    const before = makeReconciler([KEY_SECRET, stored(settledBefore.secrets[0])]);
    await reconcileJwt(before.reconciler, asked, NEXT_ATTEMPT_AT);
    assert.equal(before.signed[0]?.cause, 'RenewRequested');
    const served: Jwt = { ...asked, recorded: before.statuses[0] ?? NO_STATUS };
    const successor = makeReconciler([KEY_SECRET, stored(before.secrets[0])], [], refused, [served]);
    await reconcileJwt(successor.reconciler, asked, NEXT_ATTEMPT_AT);
    assert.deepEqual([successor.reads, successor.writes], [[`jwt science/${jwt.name}`], []]);
  });
});

describe('a bug', () => {
  const text = 'an internal error; see the log of jwt-injector; it is tried again';

  it('is logged with its message, reported in status and recorder without it, and the JWT is tried again', async () => {
    const made = makeReconciler([KEY_SECRET], ['secret']);
    const reconciler = { ...made.reconciler, classify: () => undefined };
    assert.deepEqual(await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT), { next: 'retry' });
    assert.deepEqual(made.bugs, ['Error: secret']);
    assert.deepEqual(made.failed, [['WriteFailed', text, NEXT_ATTEMPT_AT]]);
    for (const type of ['Ready', 'KeyAvailable']) {
      const { status, reason, message } = findCondition(made.statuses[0] ?? NO_STATUS, type) ?? {};
      assert.deepEqual([status, reason, message], ['Unknown', 'WriteFailed', text]);
    }
  });

  it('during observation keeps the records of token and key', async () => {
    const first = makeReconciler([KEY_SECRET]);
    await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
    const [status = NO_STATUS] = first.statuses;
    const made = makeReconciler([KEY_SECRET, stored(first.secrets[0])]);
    const { observer } = made.reconciler;
    const publicKeys = Object.assign(new PublicKeys(), { makeReady: () => assert.fail('of the test') });
    const reconciler = {
      ...made.reconciler,
      classify: () => undefined,
      observer: { ...observer, publicKeys },
    };
    assert.deepEqual(await reconcileJwt(reconciler, { ...jwt, recorded: status }, NEXT_ATTEMPT_AT), {
      next: 'retry',
    });
    const { conditions, nextAttemptAt, ...kept } = made.statuses[0] ?? NO_STATUS;
    const { conditions: _before, nextAttemptAt: _none, ...recorded } = status;
    assert.deepEqual(kept, recorded);
    assert.equal(nextAttemptAt, NOW + 4);
    assert.deepEqual(made.changed, ['Ready WriteFailed false']);
    assert.equal(findCondition({ conditions }, 'KeyAvailable')?.status, 'True');
  });

  it('of the status too does not end the loop', async () => {
    const made = makeReconciler([KEY_SECRET], ['status']);
    const reconciler = { ...made.reconciler, classify: () => undefined };
    assert.equal((await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT)).next, 'retry');
    assert.equal(made.bugs.length, 2);
  });
});

describe('drift', () => {
  it('is repaired with the same token bytes', async () => {
    const first = makeReconciler([KEY_SECRET]);
    await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
    const present = stored(first.secrets[0]);
    const made = makeReconciler([KEY_SECRET, present]);
    const labelled: Jwt = { ...jwt, labels: { team: 'x' }, recorded: first.statuses[0] ?? NO_STATUS };
    await reconcileJwt(made.reconciler, labelled, NEXT_ATTEMPT_AT);
    assert.deepEqual(made.writes, ['secret']);
    assert.deepEqual(made.secrets[0]?.['data'], first.secrets[0]?.['data']);
    assert.deepEqual(made.changed, ['repaired']);
  });

  it('of another Secret of this name is not ours', async () => {
    const made = makeReconciler([KEY_SECRET, wireSecret('my-jwt', { password: 'x' })]);
    await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(made.writes, ['status']);
    assert.equal(findCondition(made.statuses[0] ?? NO_STATUS, 'Ready')?.reason, 'SecretConflict');
  });
});
