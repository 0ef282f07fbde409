import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codePoint } from '../fixtures/code-point.ts';
import { writeAdmissionReview, type AdmissionAnswer } from '../../src/resources/admission-review.ts';
import { RUNS } from './generated-pods.ts';
import { containers, many, shownAt } from './hostile-reviews.ts';
import { annotatedPod, container, KEYS, review, VOLUME, type Json } from './pods.ts';
import { reviewOf, workload } from './workloads.ts';

const MIB = 1_048_576;

/** A path of `bytes` bytes, in parts of at most 250. */
function longPath(bytes: number): string {
  return `/${'a'.repeat(249)}`.repeat(Math.ceil(bytes / 250)).slice(0, bytes - 1) + 'z';
}

function patchBytes(answer: AdmissionAnswer): number {
  return Buffer.byteLength(answer.patch);
}

describe('texts that are repeated for each container are limited in bytes', () => {
  const hostile: readonly { title: string; pod: Json; reason: string; message: RegExp }[] = [
    {
      title: 'a mount-path of 200 KB in 400 containers',
      pod: annotatedPod({ containers: containers(400) }, { [KEYS.mountPath]: `/${'p'.repeat(200_000)}` }),
      reason: 'InvalidAnnotation',
      message: /mount-path: "\/p+…" has 200001 bytes: .*at most 4095/,
    },
    {
      title: 'an env-var of 200 KB in 1,000 containers',
      pod: annotatedPod({ containers: containers(1000) }, { [KEYS.envVar]: 'E'.repeat(200_000) }),
      reason: 'InvalidAnnotation',
      message: /env-var: "E+…" has 200000 bytes: use a name of at most 255/,
    },
    {
      title: 'a Secret volume that shows the token at a path of 1 MB, in 400 containers',
      pod: annotatedPod({ volumes: [shownAt('p'.repeat(1_000_000))], containers: containers(400) }),
      reason: 'TooLarge',
      message: /^volume "jwt-my-jwt" shows the token at a path that has 1000000 bytes: .*at most 4095/,
    },
    {
      title: 'the user’s own mounts of a volume with a path of 4 KB, in 2,000 containers',
      pod: annotatedPod({
        volumes: [shownAt(longPath(4000).slice(1))],
        containers: containers(2000, { volumeMounts: [{ name: 'jwt-my-jwt', mountPath: '/m' }] }),
      }),
      reason: 'TooLarge',
      message: /^this pod is too large/,
    },
    {
      title: '32 tokens in 1,000 containers',
      pod: annotatedPod(
        { containers: containers(1000) },
        { [KEYS.token]: many(32, (index) => `t${index}`).join() },
      ),
      reason: 'TooLarge',
      message: /^this pod is too large: .* select containers with annotation .*containers/,
    },
    {
      title: '32 tokens and 70,000 mounts',
      pod: annotatedPod(
        {
          containers: [
            container('app', { volumeMounts: many(70_000, () => ({ name: 'v', mountPath: '/v' })) }),
          ],
        },
        { [KEYS.token]: many(32, (index) => `t${index}`).join() },
      ),
      reason: 'TooLarge',
      message: /^this pod is too large/,
    },
  ];
  for (const { title, pod, reason, message } of hostile) {
    it(`which refuses ${title}`, () => {
      const answer = review(pod);
      assert.deepEqual([answer.allowed, answer.reason, answer.operations], [false, reason, []]);
      assert.match(answer.message, message);
      assert.ok(answer.message.length < 500);
    });

    it(`which warns of ${title} in a Deployment’s template`, () => {
      const { metadata, spec } = pod;
      const answer = reviewOf(
        workload({ podSpec: spec, templateMetadata: { annotations: Object(metadata).annotations } }),
      );
      assert.deepEqual([answer.allowed, answer.reason, answer.operations], [true, reason, []]);
      assert.match(answer.warnings[0] ?? '', /^pods of this Deployment will be refused: /);
    });
  }

  it('so a patch of up to 1 MiB is sent, a larger one is not', () => {
    const annotations = { [KEYS.mountPath]: longPath(1000) };
    const sizes: number[] = [];
    for (let count = 440; count < 500; count += 1) {
      const answer = review(annotatedPod({ containers: containers(count) }, annotations));
      if (answer.allowed) sizes.push(patchBytes(answer));
      else assert.equal(answer.reason, 'TooLarge');
    }
    const largest = Math.max(...sizes);
    assert.ok(largest <= MIB && largest > 0.97 * MIB, `${largest} bytes`);
  });
});

describe('the limit of one value', () => {
  const path = (bytes: number): AdmissionAnswer =>
    review(annotatedPod({}, { [KEYS.mountPath]: longPath(bytes) }));

  it('is 4,095 bytes for a path, the file name included', () => {
    assert.equal(path(4095 - '/token'.length).reason, 'Injected');
    assert.equal(path(4096 - '/token'.length).allowed, false);
    assert.equal(path(4096).reason, 'InvalidAnnotation');
  });

  it('is 255 bytes for a part of a path, for any characters', () => {
    const part = (text: string): string =>
      review(annotatedPod({}, { [KEYS.mountPath]: `/a/${text}` })).reason;
    assert.equal(part('x'.repeat(255)), 'Injected');
    assert.equal(part('x'.repeat(256)), 'InvalidAnnotation');
    assert.equal(part('é'.repeat(127)), 'Injected');
    assert.equal(part('é'.repeat(128)), 'InvalidAnnotation');
  });

  it('is 255 bytes for an env-var', () => {
    const named = (count: number): string =>
      review(annotatedPod({}, { [KEYS.envVar]: 'E'.repeat(count) })).reason;
    assert.deepEqual([named(255), named(256)], ['Injected', 'InvalidAnnotation']);
  });

  it('counts the directory of a further token with its name', () => {
    const [second, third] = ['b'.repeat(252), 'c'.repeat(253)];
    const refused: readonly Json[] = [
      { [KEYS.token]: `a,${second}` },
      { [KEYS.token]: `a,${second},${third}` },
      { [KEYS.token]: 'a,b', [KEYS.mountPath]: `/${'m'.repeat(254)}` },
    ];
    for (const annotations of refused) {
      const { allowed, reason, message } = review(annotatedPod({}, annotations));
      assert.deepEqual([allowed, reason], [false, 'TooLarge']);
      assert.match(
        message,
        /a mount path has a part of 25\d bytes \(.*…\): set annotation \S+mount-path to a directory with a shorter name$/,
      );
      const followed = { ...annotations, [KEYS.mountPath]: '/j' };
      assert.equal(review(annotatedPod({}, followed)).reason, 'Injected', 'the remedy works');
    }
    const own = {
      volumes: [{ name: 'own', secret: { secretName: second } }],
      containers: [container('app', { volumeMounts: [{ name: 'own', mountPath: '/own' }] })],
    };
    assert.equal(
      review(annotatedPod(own, { [KEYS.token]: `a,${second}` })).reason,
      'Injected',
      'a mount of the user’s own is not ours',
    );
  });

  it('refuses a user’s own mount at an impossible path', () => {
    const volumeMounts = [{ name: 'jwt-my-jwt', mountPath: longPath(4090) }];
    const answer = review(
      annotatedPod({ volumes: [VOLUME], containers: [container('app', { volumeMounts })] }),
    );
    assert.deepEqual([answer.allowed, answer.reason], [false, 'TooLarge']);
    assert.match(answer.message, /^container "app": the path of the token file has 4096 bytes/);
  });
});

describe('annotations of a workload that would make its template invalid', () => {
  it('are not copied beyond the 256 KiB that Kubernetes accepts, and the writer gets a warning', () => {
    const annotations = { [KEYS.token]: 'my-jwt', [KEYS.containers]: `app,${'x'.repeat(140_000)}` };
    const answer = reviewOf(workload({ annotations }));
    assert.deepEqual([answer.allowed, answer.operations], [true, []]);
    assert.match(answer.warnings.join('\n'), /annotations of this Deployment are too large to be copied/);
  });
});

describe('laws of the limits', () => {
  const text = fc.oneof(fc.string({ unit: codePoint, maxLength: 300 }), fc.string({ maxLength: 300 }));

  it('an answer never holds more than 1 MiB of patch, and is never refused below half of it', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 1, max: 32 }),
        (part, count, tokens) => {
          const names = many(tokens, (index) => `t${index}`);
          const annotations = { [KEYS.token]: names.join(), [KEYS.mountPath]: `/${part}` };
          const answer = review(annotatedPod({ containers: containers(count) }, annotations));
          assert.ok(patchBytes(answer) <= MIB);
          assert.ok(writeAdmissionReview('u', answer).length < 1.5 * MIB);
          if (answer.reason !== 'TooLarge') return;
          assert.match(answer.message, /^this pod is too large|has a part of/);
          if (!answer.message.startsWith('this pod')) return;
          const [directory] = review(annotatedPod({}, annotations)).operations.map(({ path }) => path);
          assert.ok(directory !== undefined);
          assert.ok(count * patchBytes(review(annotatedPod({}, annotations))) > MIB / 2);
        },
      ),
      { numRuns: Math.min(RUNS.numRuns, 200) },
    );
  });
});
