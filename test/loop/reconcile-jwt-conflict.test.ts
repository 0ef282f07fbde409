import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import type { Reconciler } from '../../src/loop/round.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import { objectMember, stringMember, type JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { DAY, NOW } from '../fixtures/observed.ts';
import { jwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, WITH_KEY } from './model/sources.ts';

const HOUR = 3_600;

function versionOf(object: JsonObject | undefined): string | undefined {
  return stringMember(objectMember(object, 'metadata'), 'resourceVersion');
}

function withVersion(object: JsonObject, resourceVersion: string): JsonObject {
  return { ...object, metadata: { ...objectMember(object, 'metadata'), resourceVersion } };
}

/** A JWT whose token was signed at `NOW`, and its Secret as the watch reported it. */
async function settle(): Promise<{
  readonly settled: Jwt;
  readonly secret: JsonObject;
  readonly renewsAt: number;
}> {
  const first = makeReconciler([KEY_SECRET]);
  await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
  const recorded = first.statuses[0] ?? NO_STATUS;
  assert.ok(recorded.renewsAt !== undefined);
  return { settled: { ...jwt, recorded }, secret: stored(first.secrets[0]), renewsAt: recorded.renewsAt };
}

/**
 * Rounds of one process whose watches never change from `seen`. The API server has `secret` and `inStore`,
 * and refuses writes that are based on another version, or all. `tried` has the versions of Secrets that were
 * sent, `null` for none.
 */
function startBehind(
  seen: JsonObject,
  {
    secret = seen,
    inStore = jwt,
    refusesAll = false,
  }: { readonly secret?: JsonObject; readonly inStore?: Jwt; readonly refusesAll?: boolean },
) {
  const conflict = { meaning: 'stale', message: 'apply secrets: 409 Conflict' } as const;
  const made = makeReconciler([KEY_SECRET, seen], [], conflict, [inStore], [KEY_SECRET, secret]);
  const { store } = made.reconciler;
  const tried: unknown[] = [];
  const statuses: unknown[] = [];
  const reconcile = (of: Jwt, now: number) => {
    const reconciler: Reconciler = {
      ...made.reconciler,
      now: () => now * 1_000,
      store: {
        ...store,
        applySecret: async (body, options) => {
          tried.push(versionOf(body) ?? null);
          if (refusesAll || versionOf(body) !== versionOf(secret)) throw new Error('conflict');
          await store.applySecret(body, options);
        },
        patchSecret: async () => {
          tried.push('patch');
          const { ownerReferences: _owners, ...metadata } = objectMember(secret, 'metadata') ?? {};
          return { ...secret, metadata: { ...metadata, resourceVersion: '14' } };
        },
        applyStatus: async (body) => {
          statuses.push(versionOf(body) ?? null);
          if (versionOf(body) !== inStore.resourceVersion) throw new Error('conflict');
          await store.applyStatus(body);
        },
      },
    };
    return reconcileJwt(reconciler, of, now + 1);
  };
  return { made, tried, statuses, reconcile };
}

describe('a change that no watch reports', () => {
  it('to the Secret is read before the third write of a renewal', async () => {
    const { settled, secret, renewsAt } = await settle();
    const { made, tried, reconcile } = startBehind(secret, { secret: withVersion(secret, '13') });
    for (const after of [1, 2, 60]) await reconcile(settled, renewsAt + after);
    assert.deepEqual(tried, ['12', '12', '13']);
    assert.deepEqual([made.signed.length, made.failed], [1, []]);
  });

  it('to the Secret is read before the third repair', async () => {
    const { settled, secret } = await settle();
    const { made, tried, reconcile } = startBehind(secret, { secret: withVersion(secret, '13') });
    const labelled: Jwt = { ...settled, labels: { team: 'physics' } };
    for (const after of [1, 2, 60]) await reconcile(labelled, NOW + after);
    assert.deepEqual([tried, made.changed, made.failed], [['13'], ['repaired'], []]);
  });

  it('to the Secret is read before the JWT is removed from its owners', async () => {
    const { settled, secret } = await settle();
    const { tried, made, reconcile } = startBehind(secret, { secret: withVersion(secret, '13') });
    const retained = { ...makeJwt({ ...WITH_KEY, deletionPolicy: 'Retain' }), recorded: settled.recorded };
    for (const after of [1, 2, 60]) {
      assert.deepEqual(tried, []);
      await reconcile(retained, NOW + after);
    }
    assert.deepEqual([tried[0], made.failed], ['patch', []]);
  });

  it('to the JWT is read before the third write of its status', async () => {
    const { settled, secret } = await settle();
    const outdated: Jwt = {
      ...settled,
      recorded: { ...settled.recorded, renewals: 7, observedGeneration: 0 },
    };
    const { made, statuses, reconcile } = startBehind(secret, {
      inStore: { ...outdated, resourceVersion: '8' },
    });
    for (const after of [1, 2, 60]) await reconcile(outdated, NOW + after);
    assert.deepEqual([statuses, made.failed], [['7', '7', '8'], []]);
  });

  it('to the JWT is not looked for any more once the watch has reported it and nothing is to be written', async () => {
    const { settled, secret } = await settle();
    const outdated: Jwt = {
      ...settled,
      recorded: { ...settled.recorded, renewals: 7, observedGeneration: 0 },
    };
    const inStore: Jwt = { ...settled, resourceVersion: '8' };
    const { made, statuses, reconcile } = startBehind(secret, { inStore });
    const readsAfter = async (seen: Jwt, now: number): Promise<number> => {
      await reconcile(seen, now);
      return made.reads.filter((read) => read === 'jwt science/my-jwt').length;
    };
    for (const [seen, reads] of [
      [outdated, 0],
      [outdated, 0],
      [inStore, 1],
      [inStore, 1],
    ] as const)
      assert.equal(await readsAfter(seen, NOW + 1), reads);
    assert.deepEqual([statuses, made.failed], [['7', '7'], []]);
  });

  it('is not searched for while a write is delayed', async () => {
    const { settled, secret } = await settle();
    const { made, tried, reconcile } = startBehind(secret, { refusesAll: true });
    const labelled: Jwt = { ...settled, labels: { team: 'physics' } };
    for (let edit = 0; edit < 100; edit += 1) await reconcile(labelled, NOW + edit / 100);
    assert.equal(tried.length, 5);
    const reads = made.reads.filter((read) => read === 'science/my-jwt').length;
    assert.ok(reads < 15, `${reads} reads`);
  });
});

describe('a Secret whose writes are refused as conflicts, although it is read before', () => {
  it('is reported from the third write on, and its consequences are reported in time', async () => {
    const { settled, secret, renewsAt } = await settle();
    const { made, tried, reconcile } = startBehind(secret, { refusesAll: true, inStore: settled });
    const states = new Map<number, readonly (string | undefined)[]>();
    let wait = 1;
    for (let now = renewsAt + 1; now < NOW + DAY + HOUR; now += wait, wait = Math.min(2 * wait, 300)) {
      await reconcile(settled, now);
      if (tried.length < 3) assert.deepEqual([made.failed, made.statuses], [[], []]);
      const status = made.statuses.at(-1) ?? NO_STATUS;
      const [ready, overdue] = ['Ready', 'RenewalOverdue'].map((type) => findCondition(status, type));
      states.set(Math.floor((now - NOW) / HOUR), [ready?.status, ready?.reason, overdue?.status]);
    }
    assert.deepEqual(states.get(20), ['True', 'WriteFailed', undefined]);
    assert.deepEqual(states.get(23), ['True', 'WriteFailed', 'True']);
    assert.deepEqual(states.get(24)?.slice(0, 2), ['False', 'WriteFailed']);
  });

  it('is not reported after the JWT was deleted', async () => {
    const { settled, secret, renewsAt } = await settle();
    const gone = { ...settled, uid: 'another' };
    const { made, tried, reconcile } = startBehind(secret, { refusesAll: true, inStore: gone });
    for (const after of [1, 40, 80, 120]) await reconcile(settled, renewsAt + after);
    assert.deepEqual([tried.length, made.failed], [4, []]);
  });
});
