import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTooMuchWork } from '../../../src/admission/placement/work-limit.ts';
import { many, mounting, shownTogether, stackedVolumes } from '../hostile-reviews.ts';
import { annotatedPod, container, KEYS, patched, review, type Json } from '../pods.ts';
import { mount, shape } from '../shapes.ts';

const TOKENS = many(32, (index) => `t${index}`);
const ALL = { [KEYS.token]: TOKENS.join() };

/** Tokens in volumes of our own. */
function ownSources(count: number): Parameters<typeof isTooMuchWork>[1] {
  return TOKENS.slice(0, count).map((name) => ({
    mountPath: `/jwt-${name}`,
    volumes: new Map([[`jwt-${name}`, ['token']]]),
  }));
}

/** The largest size at which the pod is not refused. */
function largestOf(pod: (size: number) => Json): number {
  let [fits, refused] = [1, 100_000];
  while (refused - fits > 1) {
    const size = Math.floor((fits + refused) / 2);
    if (review(pod(size)).reason === 'TooLarge') refused = size;
    else fits = size;
  }
  return fits;
}

describe('the work to look for tokens is limited:', () => {
  const mounts = (count: number): Json =>
    container('app', { volumeMounts: many(count, (index) => ({ name: 'v', mountPath: `/a${index}` })) });

  it('by the mounts, the length of their paths and the tokens', () => {
    const isTooMuch = (count: number, length: number, tokens: number): boolean =>
      isTooMuchWork([shape(many(count, () => mount('v', `/${'a'.repeat(length)}`)))], ownSources(tokens));
    assert.deepEqual(
      [isTooMuch(40_000, 8, 32), isTooMuch(60_000, 8, 32), isTooMuch(60_000, 8, 8)],
      [false, true, false],
    );
    assert.deepEqual([isTooMuch(600, 4_000, 32), isTooMuch(600, 1_000, 32)], [true, false]);
  });

  it('by devices as by mounts', () => {
    const devices = many(60_000, () => ({ volume: 'd', path: '/devices' }));
    assert.deepEqual(
      [32, 8].map((tokens) => isTooMuchWork([shape([], devices)], ownSources(tokens))),
      [true, false],
    );
  });

  it('by the files of each token that each container sees, and their length', () => {
    const reasons = (files: number, length: number, count: number): string =>
      review(annotatedPod({ volumes: [shownTogether(32, files, length)], containers: mounting(count) }, ALL))
        .reason;
    assert.deepEqual(
      [reasons(8, 4, 400), reasons(8, 4, 4_000), reasons(1, 4, 4_000)],
      ['AlreadyInjected', 'TooLarge', 'AlreadyInjected'],
    );
    assert.deepEqual([reasons(8, 4_000, 40), reasons(1, 4_000, 40)], ['TooLarge', 'AlreadyInjected']);
  });

  it('by the volumes that are mounted at one directory of a container, selected or not, and the tokens in each', () => {
    const reason = (count: number): string => review(stackedVolumes(150, 5, count)).reason;
    assert.deepEqual([reason(20), reason(200)], ['Injected', 'TooLarge']);
    const mounted = many(200, () => shape(many(150, (index) => mount(`v${index}`, '/m'))));
    const alone = mounted.map(({ mounts: each }) =>
      shape(each.map(({ volume }) => mount(volume, `/m-${volume}`))),
    );
    const sources = TOKENS.map((name) => ({
      mountPath: `/jwt-${name}`,
      volumes: new Map(many(150, (index) => [`v${index}`, many(5, (file) => `${name}.${file}`)])),
    }));
    assert.deepEqual(
      [mounted, alone].map((started) => isTooMuchWork([shape([])], sources, started)),
      [true, false],
    );
  });

  it('and its refusal says what helps', () => {
    const { message } = review(annotatedPod({ containers: [mounts(60_000)] }, ALL));
    assert.equal(
      message,
      `this pod is too large: 32 tokens in 1 container, among 60000 mounts: use fewer mounts or tokens, or shorter paths, or select containers with annotation ${KEYS.containers}`,
    );
  });

  it('a pod of 160 containers, 20 mounts in each and 32 tokens is within it', () => {
    const pod = (containers: number): Json =>
      annotatedPod(
        {
          containers: many(containers, (index) => ({
            ...mounts(20),
            name: `c${index}`,
          })),
        },
        ALL,
      );
    assert.equal(review(pod(160)).reason, 'Injected');
    const long = many(160, () => shape(many(20, (index) => mount('v', `/${'p'.repeat(250)}${index}`))));
    assert.equal(isTooMuchWork(long, ownSources(32)), false, 'also with long paths');
  });

  it('a pod within it stays so with what was injected', () => {
    for (const [title, pod] of Object.entries<(size: number) => Json>({
      'volumes of ours': (size) => annotatedPod({ containers: [mounts(size)] }, ALL),
      'a volume of the user': (size) =>
        annotatedPod(
          { volumes: [{ ...shownTogether(32, 8), name: 'own' }], containers: [mounts(size)] },
          ALL,
        ),
      'a mount of the user for some': (size) =>
        annotatedPod({ volumes: [shownTogether(9, 8)], containers: [mounts(size)] }, ALL),
    })) {
      const largest = pod(largestOf(pod));
      const first = review(largest);
      assert.equal(first.reason, 'Injected', title);
      assert.equal(review(patched(largest, first)).reason, 'AlreadyInjected', title);
    }
  });
});
