import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { NudgeQueue, type NudgeResult } from '../../src/loop/nudge-queue.ts';
import type { Failure } from '../../src/reconcile/failure.ts';
import { virtualClock, type VirtualClock } from '../time/virtual-clock.ts';

class Refused extends Error {
  readonly failure: Failure;

  constructor(failure: Omit<Failure, 'message'>) {
    super('refused');
    this.failure = { message: 'patch pods: refused', ...failure };
  }
}

/**
 * Nudges are answered after this time, and refused with the errors in `answers` for the pod, one for each
 * try.
 */
const ANSWER_MS = 5;

/** How many pods of Secrets were read. */
let looked: number;

class CountedSet extends Set<string> {
  override *[Symbol.iterator](): SetIterator<string> {
    for (const pod of super[Symbol.iterator]()) {
      looked += 1;
      yield pod;
    }
  }
}

describe('the nudges of pods', () => {
  let clock: VirtualClock;
  let pods: Map<string, readonly string[]>;
  let answers: Map<string, Error[]>;
  let nudged: { readonly at: number; readonly pod: string }[];
  let results: (readonly [NudgeResult, string, count?: number])[];
  let active: number;
  let mostActive: number;
  let isSigningBehind: boolean;
  let queue: NudgeQueue;

  beforeEach(() => {
    clock = virtualClock();
    pods = new Map();
    answers = new Map();
    nudged = [];
    results = [];
    looked = 0;
    active = 0;
    mostActive = 0;
    isSigningBehind = false;
    queue = new NudgeQueue({
      clock,
      podsOf: (namespace, secret) => new CountedSet(pods.get(`${namespace}/${secret}`) ?? []),
      nudge: async ({ namespace, name }, signal) => {
        const pod = `${namespace}/${name}`;
        nudged.push({ at: clock.monotonic(), pod });
        active += 1;
        mostActive = Math.max(mostActive, active);
        const ended = await clock.sleep(ANSWER_MS, signal);
        active -= 1;
        const error = answers.get(pod)?.shift();
        if (!ended) throw new Error('aborted');
        if (error !== undefined) throw error;
      },
      isSigningBehind: () => isSigningBehind,
      classify: (error) => (error instanceof Refused ? error.failure : undefined),
      onResult: (result, about, _reason, count) =>
        results.push(count === undefined ? [result, about] : [result, about, count]),
    });
  });

  const podNames = () => nudged.map(({ pod }) => pod);
  const many = (namespace: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${namespace}/p${index}`);

  it('are sent a moment after the write of the Secret, to each of its pods and to no other', async () => {
    pods.set('x/s', ['x/a', 'x/b']).set('x/t', ['x/c']).set('y/s', ['y/a']);
    queue.start();
    queue.renewed('x', 's');
    await clock.advance(199);
    assert.deepEqual(nudged, []);
    await clock.advance(1_000);
    assert.deepEqual(nudged, [
      { at: 200, pod: 'x/a' },
      { at: 200, pod: 'x/b' },
    ]);
    assert.deepEqual(results, [
      ['done', 'x/a'],
      ['done', 'x/b'],
    ]);
    assert.equal(clock.pending(), 0);
  });

  it('wait until the pods are known', async () => {
    queue.renewed('x', 's');
    await clock.advance(5_000);
    assert.deepEqual(nudged, []);
    pods.set('x/s', ['x/a']);
    queue.start();
    await clock.advance(1_000);
    assert.deepEqual(podNames(), ['x/a']);
  });

  it('are sent once for two Secrets of a pod that are renewed together, and once for each renewal', async () => {
    pods.set('x/s', ['x/a']).set('x/t', ['x/a']);
    queue.start();
    queue.renewed('x', 's');
    queue.renewed('x', 't');
    queue.renewed('x', 's');
    await clock.advance(1_000);
    assert.deepEqual(podNames(), ['x/a']);
    queue.renewed('x', 's');
    await clock.advance(1_000);
    assert.deepEqual(podNames(), ['x/a', 'x/a']);
  });

  it('are a hundred at once, then fifty a second, and never more than four concurrently', async () => {
    pods.set('x/s', many('x', 400));
    queue.start();
    queue.renewed('x', 's');
    await clock.advance(1_000);
    assert.ok(nudged.length <= 100 + 50, `${nudged.length} in the first second`);
    assert.ok(nudged.length >= 100, `${nudged.length} in the first second`);
    const before = nudged.length;
    await clock.advance(2_000);
    assert.ok(Math.abs(nudged.length - before - 100) <= 1);
    await clock.advance(10_000);
    assert.equal(new Set(podNames()).size, 400);
    assert.equal(nudged.length, 400);
    assert.equal(mostActive, 4);
  });

  it('are sent one at a time while signing is late, and four again afterwards', async () => {
    pods.set('x/s', many('x', 150));
    isSigningBehind = true;
    queue.start();
    queue.renewed('x', 's');
    await clock.advance(200 + 20 * ANSWER_MS);
    assert.equal(mostActive, 1);
    assert.equal(nudged.length, 21);
    isSigningBehind = false;
    await clock.advance(10_000);
    assert.equal(mostActive, 4);
    assert.equal(nudged.length, 150);
  });

  it('of one namespace do not delay those of another', async () => {
    pods.set('x/s', many('x', 2_000)).set('y/s', ['y/a']);
    queue.start();
    queue.renewed('x', 's');
    await clock.advance(3_000);
    queue.renewed('y', 's');
    await clock.advance(500);
    assert.ok(podNames().includes('y/a'));
  });

  it('are dropped if the queue is full, and there is always room for other namespaces', async () => {
    pods.set('x/s', many('x', 3_000)).set('y/s', ['y/a']);
    queue.start();
    queue.renewed('x', 's');
    queue.renewed('y', 's');
    await clock.advance(201);
    assert.deepEqual(
      results.filter(([result]) => result === 'dropped'),
      [['dropped', 'x/s', 750]],
    );
    assert.equal(looked, 2_250 + 1 + 1);
    await clock.advance(100_000);
    assert.ok(podNames().includes('y/a'));
    assert.equal(nudged.length, 2_251);
  });

  it('are not dropped from a full queue if they wait already', async () => {
    pods.set('x/s', many('x', 2_000)).set('x/t', many('x', 3_000)).set('x/u', many('x', 1_000));
    queue.start();
    for (const secret of ['s', 't', 'u']) queue.renewed('x', secret);
    await clock.advance(201);
    assert.deepEqual(
      results.filter(([result]) => result === 'dropped'),
      [['dropped', 'x/t', 750]],
    );
  });

  it('are tried three times, with growing pauses', async () => {
    pods.set('x/s', ['x/a', 'x/b']);
    answers.set(
      'x/a',
      Array.from({ length: 3 }, () => new Refused({ meaning: 'failed' })),
    );
    answers.set('x/b', [new Refused({ meaning: 'stale' })]);
    queue.start();
    queue.renewed('x', 's');
    await clock.advance(60_000);
    const times = (name: string) => nudged.filter(({ pod }) => pod === name).map(({ at }) => at);
    assert.deepEqual(times('x/a'), [200, 1_205, 3_210]);
    assert.deepEqual(times('x/b'), [200, 1_205]);
    assert.deepEqual(results, [
      ['done', 'x/b'],
      ['failed', 'x/a'],
    ]);
  });

  for (const [title, error, result] of [
    ['a pod that is gone', new Refused({ meaning: 'absent' }), 'gone'],
    ['a namespace that goes', new Refused({ meaning: 'terminating' }), 'gone'],
    [
      'a right that is missing',
      new Refused({ meaning: 'failed', refusal: { kind: 'no-right', subject: 'patch pods' } }),
      'refused',
    ],
    ['a bug', new Error('a bug'), 'failed'],
    [
      'an API server that asks to wait until the kubelet has looked',
      new Refused({ meaning: 'failed', retryAfter: 90_000 }),
      'failed',
    ],
  ] as const) {
    it(`are not tried again: ${title}`, async () => {
      pods.set('x/s', ['x/a']);
      answers.set('x/a', [error]);
      queue.start();
      queue.renewed('x', 's');
      await clock.advance(600_000);
      assert.deepEqual(results, [[result, 'x/a']]);
      assert.equal(nudged.length, 1);
    });
  }

  it('that waited so long that the kubelet has read the Secret itself are dropped', async () => {
    pods.set('x/s', ['x/a']);
    queue.renewed('x', 's');
    await clock.advance(91_000);
    queue.start();
    await clock.advance(1_000);
    assert.deepEqual(results, [['dropped', 'x/a']]);
    assert.deepEqual(nudged, []);
  });

  it('before the pods are known, no more Secrets wait than there is time for', async () => {
    for (let index = 0; index < 5_000; index += 1) queue.renewed('x', `s${index}`);
    assert.equal(results.length, 500);
    assert.deepEqual(results[0], ['dropped', 'x/s4500']);
  });

  it('end with the queue: waiting ones are dropped, running ones are aborted, and no timer is left', async () => {
    pods.set('x/s', many('x', 10));
    answers.set('x/p0', [new Refused({ meaning: 'failed' })]);
    queue.start();
    queue.renewed('x', 's');
    await clock.advance(201);
    assert.equal(active, 4);
    await queue.stop();
    assert.equal(active, 0);
    queue.renewed('x', 's');
    await clock.advance(10_000);
    assert.equal(nudged.length, 4);
    assert.deepEqual(results, []);
    assert.equal(clock.pending(), 0);
  });
});
