import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeAdmissionReview, type AdmissionAnswer } from '../../src/resources/admission-review.ts';
import { GROWTH, growthOf } from './measure.ts';
import { FAMILIES, LARGE_FAMILIES, repeat, type Family } from './review-families.ts';
import { annotatedPod, container, KEYS, review, type Json } from '../admission/pods.ts';
import { debug } from '../admission/hostile-reviews.ts';
import { COPIED, reviewOf, workload } from '../admission/workloads.ts';

const REVIEWS: readonly [string, (pod: Json) => AdmissionAnswer][] = [
  ['as a pod', (pod) => review(pod)],
  ['as ephemeral containers', debug],
  [
    'as a Deployment',
    (pod) =>
      reviewOf(
        workload({
          annotations: Object(pod['metadata']).annotations,
          podSpec: pod['spec'],
        }),
      ),
  ],
];

/** Large enough that a review takes at least a millisecond, unless it is refused earlier. */
const SIZE = 1_000;
/** The largest number of containers with a mount and a variable in a review of 8 MiB. */
const LARGE_SIZE = 32_000;
/** If a test of these fails, each try needs seconds. */
const LARGE_TRIES = 12;
/** The factor for double the size. A product of two parts takes 4 times as long. */
const MAX_GROWTH = 2.5;

/**
 * Also judges the last doubling separately: there a product shows that is small compared with the rest of a
 * small review.
 */
async function growthOfReview(
  answer: (pod: Json) => unknown,
  pod: Family['pod'],
  size: number,
  options: { readonly tries?: number } = {},
): Promise<number> {
  const [large, half, small] = [pod(size), pod(size / 2), pod(size / GROWTH)];
  const last = await growthOf(answer, half, large, MAX_GROWTH, { ...options, doublings: 1 });
  return Math.max(last, await growthOf(answer, small, large, MAX_GROWTH, options));
}

describe('a review of twice the size costs about twice the time:', () => {
  for (const [families, size, options] of [
    [FAMILIES, SIZE, {}],
    [LARGE_FAMILIES, LARGE_SIZE, { tries: LARGE_TRIES }],
  ] as const) {
    for (const { title, pod } of families) {
      for (const [how, answer] of REVIEWS) {
        it(`${title}, ${how}`, async () => {
          const answerAsText = (body: Json): string => writeAdmissionReview('u', answer(body));
          const growth = await growthOfReview(answerAsText, pod, size, options);
          assert.ok(growth <= MAX_GROWTH, `twice the review takes ${growth} times as long`);
        });
      }
    }
  }

  it('managers of the fields of a workload, as a Deployment', async () => {
    const fields = { 'f:metadata': { 'f:annotations': { [`f:${KEYS.envVar}`]: {} } } };
    const manager = { manager: 'm', fieldsV1: { 'f:spec': { 'f:template': fields } } };
    const annotations = { [KEYS.token]: 'a', [COPIED]: JSON.stringify({ [KEYS.token]: 'a' }) };
    const deployment = (size: number): Json =>
      workload({
        metadata: { managedFields: repeat(size, () => manager) },
        templateMetadata: { annotations },
      });
    const answer = (body: Json): AdmissionAnswer => reviewOf(body, { operation: 'UPDATE' });
    const growth = await growthOfReview(answer, deployment, LARGE_SIZE, { tries: LARGE_TRIES });
    assert.ok(growth <= MAX_GROWTH, `twice the review takes ${growth} times as long`);
  });

  /** Quadratic code that could be written by mistake, run together with a real review. */
  const quadratic: Readonly<Record<string, (spec: { volumes: Json[]; containers: Json[] }) => unknown>> = {
    'a look for each volume among the names of all before': ({ volumes }) => {
      const known = new Map<unknown, Json>();
      for (const volume of volumes)
        if (![...known.keys()].includes(volume['name'])) known.set(volume['name'], volume);
    },
    'a look for each container among all': ({ containers }) =>
      containers.filter(({ name }) => containers.find((other) => other['name'] === name) === undefined),
  };
  for (const [title, work] of Object.entries(quadratic)) {
    it(`this test finds quadratic code: ${title}`, async () => {
      const answer = (body: Json): unknown => [review(body), work(Object(body['spec']))];
      const pod = (size: number): Json =>
        annotatedPod(
          {
            volumes: repeat(size, (index) => ({ name: `v${index}`, emptyDir: {} })),
            containers: repeat(size, (index) => container(`c${index}`)),
          },
          { [KEYS.containers]: 'c0' },
        );
      // Smaller than the reviews above, with which it would take seconds and show even more.
      const growth = await growthOfReview(answer, pod, LARGE_SIZE / 4, { tries: 1 });
      assert.ok(growth > MAX_GROWTH, `twice the review takes ${growth} times as long`);
    });
  }
});
