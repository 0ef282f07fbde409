import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '../../src/loop/act.ts';
import { createController } from '../../src/loop/controller.ts';
import { Memory } from '../../src/loop/memory.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { NOW } from '../fixtures/observed.ts';
import { jwt as keyedJwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, makeSources, wireSecret } from './model/sources.ts';
import { virtualClock } from '../time/virtual-clock.ts';
import { SILENT_RECORDER } from './silent-recorder.ts';

const named = (name: string, key: string, more: Record<string, unknown> = {}): Jwt =>
  makeJwt(
    { key: { secret: { name: key, key: 'key.pem' } } },
    { metadata: { name, uid: `uid-${name}`, ...more } },
  );

/** A started controller. Its rounds read no key, and are recognized by the JWTs that they request. */
function start(...jwts: Jwt[]) {
  const clock = virtualClock();
  const known = [...jwts];
  const { observer } = makeSources([], [], known);
  const rounds: string[] = [];
  const bugs: string[] = [];
  const statuses: unknown[] = [];
  let fails = false;
  let hanging: Promise<undefined> | undefined;
  const store: Store = {
    readSecret: async () => undefined,
    applySecret: async () => {},
    applyStatus: async (status) => {
      if (fails) throw new Error('planned');
      statuses.push(status);
    },
    patchSecret: async () => ({}),
    patchJwt: async () => {},
  };
  const sources = {
    ...observer.sources,
    readSecret: async () => {
      const answer = hanging;
      hanging = undefined;
      return answer;
    },
    secretMetadata: (namespace: string, name: string) => {
      if (known.some((jwt) => jwt.name === name)) rounds.push(name);
      return observer.sources.secretMetadata(namespace, name);
    },
  };
  const controller = createController({
    clock,
    workers: 4,
    onBug: (key, error) => bugs.push(`${key}: ${String(error)}`),
    reconciler: {
      observer: { ...observer, sources },
      store,
      recorder: SILENT_RECORDER,
      memory: new Memory(),
      classify: (error) => {
        throw error;
      },
    },
  });
  controller.start();
  const settle = async (ms = 0): Promise<string[]> => {
    await clock.advance(ms);
    return rounds.splice(0).toSorted();
  };
  const replace = (jwt: Jwt): void => {
    const index = known.findIndex(({ name }) => name === jwt.name);
    known[index] = jwt;
  };
  const fail = (isFailing: boolean): void => {
    fails = isFailing;
  };
  /** The next request gets no answer until the returned function is called. */
  const hang = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    hanging = promise;
    return () => resolve(undefined);
  };
  return { controller, clock, settle, replace, known, bugs, fail, hang, statuses };
}

describe('the controller', () => {
  const a = named('a', 'k1');
  const b = named('b', 'k1');
  const c = named('c', 'k2');

  it('runs a round for a new JWT, and for a change of its Secret or of its key', async () => {
    const { controller, settle } = start(a, b, c);
    for (const jwt of [a, b, c]) controller.jwtChanged(undefined, jwt);
    assert.deepEqual(await settle(), ['a', 'b', 'c']);
    controller.secretChanged('science', 'a');
    assert.deepEqual(await settle(), ['a']);
    controller.secretChanged('science', 'k1');
    assert.deepEqual(await settle(), ['a', 'b']);
    controller.secretChanged('science', 'unrelated');
    controller.secretChanged('elsewhere', 'k1');
    assert.deepEqual(await settle(), []);
  });

  it('uses the new key of a JWT, and forgets a deleted JWT', async () => {
    const { controller, settle, replace, known } = start(a, b);
    for (const jwt of [a, b]) controller.jwtChanged(undefined, jwt);
    await settle();
    const moved = named('a', 'k2', { generation: 2 });
    replace(moved);
    controller.jwtChanged(a, moved);
    assert.deepEqual(await settle(), ['a']);
    controller.secretChanged('science', 'k1');
    assert.deepEqual(await settle(), ['b']);
    controller.secretChanged('science', 'k2');
    assert.deepEqual(await settle(), ['a']);
    known.splice(0, 1);
    controller.jwtChanged(moved, undefined);
    controller.secretChanged('science', 'k2');
    assert.deepEqual(await settle(), []);
  });

  it('starts with the present state of existing JWTs, and without deleted ones', async () => {
    const { controller, settle, replace, known } = start(a, b, c);
    const moved = named('a', 'k2', { resourceVersion: '2', generation: 2 });
    replace(moved);
    controller.jwtChanged(a, moved);
    known.splice(1, 1);
    controller.jwtChanged(b, undefined);
    for (const listed of [a, b, c]) assert.equal(controller.addAtStart(listed), true);
    assert.deepEqual(new Set(await settle()), new Set(['a', 'c']));
    controller.secretChanged('science', 'k1');
    assert.deepEqual(await settle(), [], 'nobody signs with that key any more');
    replace(named('c', 'k3', { resourceVersion: '3' }));
    controller.addAtStart(c);
    await settle();
    controller.secretChanged('science', 'k3');
    assert.deepEqual(await settle(), ['c'], 'also where no event reported the change');
  });

  it('does not queue an existing JWT that needs nothing, but reacts to its changes', async () => {
    const first = makeReconciler([KEY_SECRET]);
    await reconcileJwt(first.reconciler, keyedJwt, NEXT_ATTEMPT_AT);
    const settled = { ...keyedJwt, recorded: first.statuses[0] ?? NO_STATUS };
    const fresh = { ...named('fresh', 'missing'), resourceVersion: '9' };
    const { reconciler } = makeReconciler([KEY_SECRET, stored(first.secrets[0])], [], undefined, [
      settled,
      fresh,
    ]);
    const looks: string[] = [];
    const sources = {
      ...reconciler.observer.sources,
      tokenSecret: (namespace: string, name: string) => {
        if (name !== 'missing' && !looks.includes(name)) looks.push(name);
        return reconciler.observer.sources.tokenSecret(namespace, name);
      },
    };
    const clock = virtualClock(NOW * 1_000);
    const observer = { ...reconciler.observer, sources, isCheckedSoon: () => true };
    const bugs: unknown[] = [];
    const controller = createController({
      clock,
      workers: 4,
      onBug: (_key, error) => bugs.push(error),
      reconciler: { ...reconciler, observer },
    });
    assert.equal(controller.addAtStart(settled), true);
    assert.equal(controller.depth(), 0);
    assert.equal(controller.addAtStart(fresh), true);
    assert.equal(controller.depth(), 1, 'one that needs something is put there');
    controller.start();
    const settle = async (ms: number): Promise<string[]> => {
      looks.length = 0;
      await clock.advance(ms);
      return looks.toSorted();
    };
    assert.deepEqual(await settle(1_000), ['fresh']);
    controller.secretChanged('science', 'k');
    assert.deepEqual(await settle(1_000), ['my-jwt'], 'it signs with that key');
    assert.deepEqual(await settle(600_000), ['fresh', 'my-jwt'], 'each gets a round every 10 minutes');
    await controller.stop();
    assert.equal(controller.addAtStart(settled), false);
    assert.deepEqual(bugs, []);
  });

  it('runs one round for several changes at once', async () => {
    const { controller, settle } = start(a);
    controller.jwtChanged(undefined, a);
    for (let each = 0; each < 5; each += 1) controller.secretChanged('science', 'a');
    assert.equal(controller.depth(), 1);
    assert.deepEqual(await settle(), ['a']);
  });

  it('runs a round for a status that another client wrote, but not during a back-off', async () => {
    const { controller, settle, fail } = start(a);
    controller.jwtChanged(undefined, a);
    await settle();
    const written = {
      ...a,
      resourceVersion: '8',
      recorded: { ...NO_STATUS, observedGeneration: 1, renewals: 7 },
    };
    controller.jwtChanged(a, written);
    assert.deepEqual(await settle(), ['a']);
    fail(true);
    controller.secretChanged('science', 'a');
    assert.deepEqual(await settle(), ['a']);
    controller.jwtChanged(written, {
      ...written,
      recorded: { ...NO_STATUS, observedGeneration: 1, renewals: 8 },
    });
    assert.deepEqual(await settle(), [], 'no hot loop of failures that write a status');
    assert.deepEqual(await settle(2_000), ['a'], 'the back-off goes on');
    controller.jwtChanged(written, { ...written, recorded: NO_STATUS });
    assert.deepEqual(await settle(), ['a'], 'a status that was wiped is news at any time');
  });

  it('ends a back-off after a change', async () => {
    const { controller, settle, fail, bugs } = start(a);
    fail(true);
    controller.jwtChanged(undefined, a);
    assert.deepEqual(await settle(), ['a']);
    assert.deepEqual(bugs, ['science/a: Error: planned']);
    fail(false);
    controller.secretChanged('science', 'k1');
    assert.deepEqual(await settle(), ['a']);
    assert.deepEqual(await settle(300_000), [], 'nothing is left to try');
    assert.deepEqual(await settle(300_000), ['a', 'a'], 'a look every 10 minutes, which leads to a round');
  });

  it('gives up a round that never ends, which then writes nothing more, and runs another one for its JWT', async () => {
    // Its status names a token, but there is no Secret: the Secret is read.
    const signed = { ...a, recorded: { ...NO_STATUS, tokenId: 'the-jti' } };
    const { controller, clock, settle, bugs, hang, statuses } = start(signed);
    const answer = hang();
    controller.jwtChanged(undefined, signed);
    await settle(119_000);
    assert.deepEqual([bugs, statuses], [[], []]);
    assert.deepEqual(await settle(2_500), ['a']);
    assert.deepEqual(bugs, ['science/a: Error: the round did not end within 120 s, and was given up']);
    assert.equal(statuses.length, 1, 'by the second round');
    answer();
    await settle(1_000);
    assert.equal(statuses.length, 1, 'the round that was given up writes no status');
    await controller.stop();
    assert.equal(clock.pending(), 0);
  });

  it('reports when all JWTs were processed, and ends with all its timers', async () => {
    const { controller, clock, settle } = start(a);
    controller.jwtChanged(undefined, a);
    const settled = controller.settle();
    await settle(1_000);
    assert.equal(await settled, true);
    const never = start(b);
    await never.controller.stop();
    assert.equal(await never.controller.settle(), false);
    await controller.stop();
    controller.secretChanged('science', 'a');
    assert.deepEqual(await settle(1_000), [], 'no round begins after the end');
    assert.equal(clock.pending(), 0);
  });

  it('says of a Secret that is not the JWT’s whose key is in it, from the moment when that changes', async () => {
    const [b2, other] = [named('b', 'k'), named('b', 'k', { namespace: 'lab', uid: 'lab' })];
    const signer = named('a', 'b');
    const known: Jwt[] = [b2, other];
    const made = makeReconciler([KEY_SECRET, wireSecret('b', { 'key.pem': 'x' })], [], undefined, known);
    const clock = virtualClock(NOW * 1_000);
    const controller = createController({
      clock,
      workers: 4,
      onBug: (_key, error) => assert.fail(String(error)),
      reconciler: made.reconciler,
    });
    const lastMessage = async (): Promise<string | undefined> => {
      await clock.advance(1_000);
      const found = made.statuses.filter(({ conditions }) => conditions[0]?.reason === 'SecretConflict');
      return found.at(-1)?.conditions[0]?.message;
    };
    controller.jwtChanged(undefined, b2);
    controller.start();
    assert.match((await lastMessage()) ?? '', /or delete the Secret .* or hand it over/);
    known.push(signer);
    controller.jwtChanged(undefined, signer);
    assert.match((await lastMessage()) ?? '', /and JWT a signs with a key in it: /);
    known.pop();
    controller.jwtChanged(signer, undefined);
    assert.match((await lastMessage()) ?? '', /or hand it over/);
    const unserved = makeJwt(
      { key: { secret: { name: 'b', key: 'key.pem' } }, expiryTime: { days: 0 } },
      { metadata: { name: 'c', uid: 'c' } },
    );
    known.push(unserved);
    controller.jwtChanged(undefined, unserved);
    assert.match((await lastMessage()) ?? '', /and JWT c signs with a key in it: /);
    await controller.stop();
  });
});
