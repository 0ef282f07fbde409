import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPatch, type Operation } from 'rfc6902';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import type { Observer } from '../../src/loop/observe.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import type { Failure } from '../../src/reconcile/failure.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../../src/resources/json.ts';
import { MANAGED_LABEL, OWNING_JWT } from '../../src/resources/names.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { jwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, WITH_KEY, wireSecret } from './model/sources.ts';

const OWNER = { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: jwt.name, uid: jwt.uid };
const MADE = { annotations: { [OWNING_JWT]: 'science/my-jwt' }, labels: { [MANAGED_LABEL]: 'true' } };
/** The Secret of a JWT without its token, with data of other users. */
const SHARED = wireSecret('my-jwt', { note: 'precious' }, { ...MADE, ownerReferences: [OWNER] });
const DISOWNED = wireSecret('my-jwt', { note: 'precious' }, { ...MADE, ownerReferences: [] });

/** A reconciler that records the Secrets that it has patched; `change` changes what it observes. */
function makeDisowning(seen: readonly JsonObject[], change: (observer: Observer) => Observer = same) {
  const made = makeReconciler(seen);
  const patched: JsonObject[] = [];
  const store = {
    ...made.reconciler.store,
    patchSecret: async (_namespace: string, _name: string, operations: readonly JsonObject[]) => {
      const secret = structuredClone(SHARED);
      applyPatch(secret, structuredClone(operations) as unknown as Operation[]);
      patched.push(secret);
      return secret;
    },
  };
  const observer = change(made.reconciler.observer);
  return { made, patched, reconciler: { ...made.reconciler, store, observer } };
}

function same<T>(value: T): T {
  return value;
}

const readyOf = (made: ReturnType<typeof makeReconciler>): unknown =>
  findCondition(made.statuses.at(-1) ?? NO_STATUS, 'Ready')?.reason;

describe('a JWT that must not be an owner of its Secret', () => {
  it('is removed from its owners in a round that can sign nothing, and the status says why it cannot', async () => {
    const { made, patched, reconciler } = makeDisowning([SHARED]);
    await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual([patched, made.signed, readyOf(made)], [[DISOWNED], [], 'KeyNotFound']);
    assert.deepEqual(made.changed.slice(0, 1), ['disowned']);
  });

  it('is removed from them before the key is read, which can be refused', async () => {
    const { made, patched, reconciler } = makeDisowning([KEY_SECRET, SHARED], (observer) => ({
      ...observer,
      sources: {
        ...observer.sources,
        readSecret: (namespace, name) =>
          name === 'k' ? Promise.reject(new Error('403')) : observer.sources.readSecret(namespace, name),
      },
    }));
    assert.equal((await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT)).next, 'retry');
    assert.deepEqual([patched, made.failed.length], [[DISOWNED], 1]);
  });

  it('is removed from them and gets its new token in one round', async () => {
    const { made, patched, reconciler } = makeDisowning([KEY_SECRET, SHARED]);
    await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(
      [patched, made.signed[0]?.cause, made.writes],
      [[DISOWNED], 'TokenMissing', ['secret', 'status']],
    );
  });

  /** Others kept changing the Secret: its owners may not be changed at once. */
  const spent = (seen: readonly JsonObject[]): ReturnType<typeof makeDisowning> => {
    const disowning = makeDisowning(seen);
    for (let write = 0; write < 5; write += 1)
      disowning.made.reconciler.memory.budget.spend(jwt.uid, NOW, {});
    return disowning;
  };

  it('is tried again as soon as allowed if others keep changing the Secret; a renewal does not wait', async () => {
    const keyless = spent([SHARED]);
    const round = await reconcileJwt(keyless.reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(round, { next: 'wait', dueAt: NOW * 1000 + 1_250 });
    assert.deepEqual([keyless.patched, readyOf(keyless.made)], [[], 'KeyNotFound']);
    const due = { ...jwt, recorded: { ...NO_STATUS, renewsAt: NOW - 1 } };
    const keyed = spent([KEY_SECRET, SHARED]);
    const renewal = await reconcileJwt(keyed.reconciler, due, NEXT_ATTEMPT_AT);
    assert.deepEqual([keyed.patched, keyed.made.signed.length], [[], 1]);
    assert.deepEqual(renewal, { next: 'wait', dueAt: NOW * 1000 + 1_250 });
  });

  it('keeps the finalizer of token-manager, and gets another round as soon as that can be removed', async () => {
    const deletionTimestamp = new Date((NOW - 10) * 1000).toISOString();
    for (const finalizer of ['kopf.zalando.org/KopfFinalizerMarker', 'example.com/x']) {
      const deleted = makeJwt(WITH_KEY, { metadata: { deletionTimestamp, finalizers: [finalizer] } });
      const { made, patched, reconciler } = spent([KEY_SECRET, SHARED]);
      const round = await reconcileJwt(reconciler, deleted, NEXT_ATTEMPT_AT);
      assert.deepEqual(round, { next: 'wait', dueAt: NOW * 1000 + 1_250 }, finalizer);
      assert.deepEqual([made.writes, patched], [[], []]);
    }
  });

  it('has its data read as soon as allowed, if only that shows whether it must not be an owner', async () => {
    const unlabelled = wireSecret('my-jwt', { note: 'precious' }, { ownerReferences: [OWNER] });
    const deletionTimestamp = new Date((NOW - 10) * 1000).toISOString();
    const deleted = makeJwt(WITH_KEY, { metadata: { deletionTimestamp, finalizers: ['example.com/x'] } });
    const { made, reconciler } = spent([KEY_SECRET, unlabelled]);
    const round = await reconcileJwt(reconciler, deleted, NEXT_ATTEMPT_AT);
    assert.deepEqual([round, made.reads], [{ next: 'wait', dueAt: NOW * 1000 + 1_250 }, []]);
  });
});

describe('a JWT that cannot be taken off the owners of its Secret', () => {
  const due = { ...jwt, recorded: { ...NO_STATUS, renewsAt: NOW - 1 } };
  const POLICY: Failure = {
    meaning: 'failed',
    message: 'patch secrets: 403 Forbidden',
    refusal: { kind: 'policy', subject: 'keep-owners' },
  };
  const DOWN: Failure = { meaning: 'failed', message: 'patch secrets: 500' };

  /** A reconciler whose patches of Secrets end in this failure; so do the writes in `fails`. */
  function makeRefused(failure: Failure, seen: readonly JsonObject[], fails: readonly string[] = []) {
    const made = makeReconciler(seen, fails, failure, [due]);
    const patches: string[] = [];
    const store = {
      ...made.reconciler.store,
      patchSecret: (_namespace: string, name: string) => {
        patches.push(name);
        return Promise.reject(new Error(failure.message));
      },
    };
    return { made, patches, reconciler: { ...made.reconciler, store } };
  }

  it('is signed when that is due, and one status says both', async () => {
    const { made, patches, reconciler } = makeRefused(POLICY, [KEY_SECRET, SHARED]);
    const round = await reconcileJwt(reconciler, due, NEXT_ATTEMPT_AT);
    assert.deepEqual([made.writes, patches, made.failed.length], [['secret', 'status'], ['my-jwt'], 1]);
    const [status] = made.statuses;
    const ready = findCondition(status ?? NO_STATUS, 'Ready');
    assert.deepEqual([ready?.status, ready?.reason], ['True', 'WriteRefused']);
    assert.equal(status?.tokenId, made.signed[0]?.tokenId);
    assert.equal(status?.nextAttemptAt, NOW + 300);
    assert.ok(round.next === 'retry' && round.after === 300_000);
    assert.equal(reconciler.memory.budget.problem(jwt.uid)?.reason, 'WriteRefused');
  });

  it('keeps its owner reference in that write, as the policy forbids each write without it', async () => {
    const { made, reconciler } = makeRefused(POLICY, [KEY_SECRET, SHARED]);
    const applied: JsonObject[] = [];
    const store = {
      ...reconciler.store,
      applySecret: async (secret: JsonObject) => {
        applied.push(secret);
      },
    };
    await reconcileJwt({ ...reconciler, store }, due, NEXT_ATTEMPT_AT);
    assert.deepEqual(
      applied.map((secret) => arrayMember(objectMember(secret, 'metadata'), 'ownerReferences')),
      [[{ ...OWNER, controller: true }]],
    );
    assert.equal(made.signed.length, 1);
  });

  it('is signed as it was read, where the caches are known to show it as it was before', async () => {
    const read = { ...due, resourceVersion: '8' };
    const made = makeReconciler([KEY_SECRET, SHARED], [], POLICY, [read]);
    for (let write = 0; write < 2; write += 1) made.reconciler.memory.conflicts.note(jwt.uid, 'jwt');
    const versions: unknown[] = [];
    const store = {
      ...made.reconciler.store,
      patchSecret: () => Promise.reject(new Error('403')),
      applyStatus: async (body: JsonObject) => {
        versions.push(stringMember(objectMember(body, 'metadata'), 'resourceVersion'));
      },
    };
    await reconcileJwt({ ...made.reconciler, store }, due, NEXT_ATTEMPT_AT);
    assert.deepEqual([made.signed.length, versions], [1, ['8']]);
    assert.deepEqual(
      made.reads.filter((each) => each.startsWith('jwt')),
      ['jwt science/my-jwt'],
    );
  });

  it('is signed as well after failures that pass', async () => {
    const { made, reconciler } = makeRefused(DOWN, [KEY_SECRET, SHARED]);
    assert.equal((await reconcileJwt(reconciler, due, NEXT_ATTEMPT_AT)).next, 'retry');
    assert.deepEqual([made.signed.length, readyOf(made)], [1, 'WriteFailed']);
  });

  it('has that in its status until it is tried again, also if nothing else is to be done', async () => {
    const first = makeReconciler([KEY_SECRET]);
    await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
    const secret = structuredClone(stored(first.secrets[0]));
    Object.assign(Object(secret['data']), { note: 'cHJlY2lvdXM=' });
    Object.assign(Object(secret['metadata']), { ownerReferences: [OWNER] });
    const settled = { ...jwt, recorded: first.statuses[0] ?? NO_STATUS };
    const { made, patches, reconciler } = makeRefused(POLICY, [KEY_SECRET, secret]);
    const problem = { reason: 'WriteRefused', message: 'a policy' } as const;
    for (let write = 0; write < 5; write += 1)
      reconciler.memory.budget.spend(jwt.uid, NOW, { problem: problem });
    await reconcileJwt(reconciler, settled, NEXT_ATTEMPT_AT);
    assert.deepEqual([patches, made.writes, readyOf(made)], [[], ['status'], 'WriteRefused']);
  });

  it('gets no more than its status where nothing is due, or can be signed', async () => {
    for (const seen of [[SHARED], [KEY_SECRET, { ...SHARED, immutable: true }]])
      for (const failure of [POLICY, DOWN]) {
        const { made, reconciler } = makeRefused(failure, seen, ['secret']);
        await reconcileJwt(reconciler, due, NEXT_ATTEMPT_AT);
        assert.deepEqual([made.signed, made.failed.length, made.statuses.length], [[], 1, 1]);
      }
  });

  it('is checked again before it is signed, if the Secret possibly changed; but not forever', async () => {
    const conflict: Failure = { meaning: 'stale', message: 'patch secrets: 409 Conflict' };
    const { made, reconciler } = makeRefused(conflict, [KEY_SECRET, SHARED]);
    for (const signed of [0, 0, 1]) {
      await reconcileJwt(reconciler, due, NEXT_ATTEMPT_AT);
      assert.equal(made.signed.length, signed);
    }
    assert.deepEqual(
      [made.statuses.at(-1)?.tokenId, readyOf(made)],
      [made.signed[0]?.tokenId, 'WriteFailed'],
    );
  });
});
