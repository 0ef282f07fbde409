import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeAdmissionReview, type AdmissionAnswer } from '../../src/resources/admission-review.ts';
import { GROWTH, growthOf } from './measure.ts';
import {
  annotatedPod,
  container,
  createRequest,
  ENV,
  KEYS,
  MOUNT,
  review,
  reviewPod,
  VOLUME,
  type Json,
} from '../admission/pods.ts';
import { reviewOf, workload } from '../admission/workloads.ts';

/** A review that grows with `size` in two of its parts at once, whose product would show. */
interface Family {
  readonly title: string;
  readonly pod: (size: number) => Json;
}

function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const TOKENS = repeat(32, (index) => `t${index}`);
const [FIRST = 't0'] = TOKENS;

function secret(name: string, secretName: string, path = 'token'): Json {
  return { name, secret: { secretName, items: [{ key: 'token', path }] } };
}

const FAMILIES: readonly Family[] = [
  {
    title: 'containers and the mounts of each',
    pod: (size) =>
      annotatedPod({
        volumes: repeat(size, (index) => ({ name: `v${index}`, emptyDir: {} })),
        containers: repeat(size, (index) =>
          container(`c${index}`, {
            volumeMounts: repeat(20, (mount) => ({ name: `v${mount}`, mountPath: `/var/run/${mount}` })),
          }),
        ),
      }),
  },
  {
    title: 'own variables and the variables that each refers to',
    pod: (size) =>
      annotatedPod({
        containers: repeat(size, (index) =>
          container(`c${index}`, {
            env: [
              ...repeat(20, (at) => ({ name: `A${at}`, value: `$(A${at - 1})`.repeat(2) })),
              { name: 'BEARER_TOKEN_FILE', value: `${'$(A19)'.repeat(20)}${'$('.repeat(20)}` },
            ],
          }),
        ),
      }),
  },
  {
    title: 'variables that refer to those before them',
    pod: (size) =>
      annotatedPod({
        containers: [
          container('app', {
            env: [
              ...repeat(10 * size, (index) => ({
                name: `A${index}`,
                value: `$(A${index - 1})$(A${index - 1})`,
              })),
              { name: 'BEARER_TOKEN_FILE', value: `$(A${10 * size - 1})${'$('.repeat(size)}` },
            ],
          }),
        ],
      }),
  },
  {
    title: 'mounts of a volume that shows the token at many paths',
    pod: (size) =>
      annotatedPod({
        volumes: [
          {
            name: 'own',
            secret: {
              secretName: 'my-jwt',
              items: repeat(size, (index) => ({ key: 'token', path: `a${index}/token` })),
            },
          },
        ],
        containers: [
          container('app', {
            volumeMounts: repeat(5 * size, (index) => ({
              name: 'own',
              mountPath: `/m${index % 7}/a${index}`,
            })),
          }),
        ],
      }),
  },
  {
    title: 'mounts of the token that hide each other',
    pod: (size) =>
      annotatedPod({
        volumes: [secret('own', 'my-jwt', 'a/b/c/token')],
        containers: [
          container('app', {
            volumeMounts: repeat(10 * size, (index) => ({
              name: index % 2 === 0 ? 'own' : 'other',
              mountPath: index % 2 === 0 ? `/m${index}` : `/m${index - 1}/a`,
            })),
          }),
        ],
      }),
  },
  {
    title: 'volumes that show every token, and containers that mount them',
    pod: (size) =>
      annotatedPod(
        {
          volumes: repeat(size, (index) => secret(`v${index}`, TOKENS[index % 32] ?? FIRST)),
          containers: repeat(size, (index) =>
            container(`c${index}`, { volumeMounts: [{ name: `v${index}`, mountPath: '/m' }] }),
          ),
        },
        { [KEYS.token]: FIRST },
      ),
  },
  {
    title: 'projected volumes of many sources, with 32 tokens',
    pod: (size) =>
      annotatedPod(
        {
          volumes: repeat(10, (index) => ({
            name: `v${index}`,
            projected: {
              sources: repeat(2 * size, (source) => ({
                secret: { name: TOKENS[source % 32], items: [{ key: 'token', path: `p${source}` }] },
              })),
            },
          })),
        },
        { [KEYS.token]: TOKENS.join() },
      ),
  },
  {
    title: 'a volume of many fields below which every container mounts',
    pod: (size) =>
      annotatedPod({
        volumes: [
          {
            name: 'v',
            ...Object.fromEntries(repeat(20 * size, (index) => [`f${index}`, null])),
            emptyDir: {},
          },
        ],
        containers: repeat(size, (index) =>
          container(`c${index}`, {
            volumeMounts: [{ name: 'v', mountPath: '/var/run', readOnly: true }],
          }),
        ),
      }),
  },
  {
    title: 'foreign annotations that look like ours',
    pod: (size) =>
      annotatedPod(
        {},
        // No more than the 256 KiB of an object's annotations hold: with 10,000 keys V8 itself lists each 4 times as slowly.
        Object.fromEntries(repeat(4 * size, (index) => [`osg-${'x'.repeat(50)}${index}/token`, ''])),
      ),
  },
  {
    title: 'a list of container names and containers',
    pod: (size) =>
      annotatedPod(
        { containers: repeat(size, (index) => container(`container-${index}`)) },
        { [KEYS.containers]: repeat(10 * size, (index) => `containr-${index}`).join() },
      ),
  },
  {
    title: 'annotations that break every rule, each as long as it may be',
    pod: (size) =>
      annotatedPod(
        { containers: repeat(size, (index) => container(`c${index}`)) },
        { [KEYS.token]: '-.'.repeat(10 * size), [KEYS.mountPath]: '/.'.repeat(10 * size) },
      ),
  },
  {
    title: 'a shown path and the subPaths by which it is mounted',
    pod: (size) =>
      annotatedPod({
        volumes: [secret('own', 'my-jwt', `${'a/'.repeat(2000)}t`)],
        containers: repeat(size, (index) =>
          container(`c${index}`, {
            volumeMounts: [{ name: 'own', mountPath: '/m', subPath: 'a/'.repeat(20) }],
          }),
        ),
      }),
  },
];

/** Those of which a review holds the most, each alone: work for each pair of them shows at that number only. */
const LARGE_FAMILIES: readonly Family[] = [
  {
    title: 'containers, of which one is selected',
    pod: (size) =>
      annotatedPod(
        { containers: repeat(size, (index) => container(`c${index}`)) },
        { [KEYS.containers]: 'c0' },
      ),
  },
  {
    title: 'containers that have everything',
    pod: (size) =>
      annotatedPod({
        volumes: [VOLUME],
        containers: repeat(size, (index) => container(`c${index}`, { volumeMounts: [MOUNT], env: [ENV] })),
      }),
  },
  {
    title: 'volumes',
    pod: (size) => annotatedPod({ volumes: repeat(size, (index) => ({ name: `v${index}`, emptyDir: {} })) }),
  },
];

function debug(pod: Json): AdmissionAnswer {
  const spec = Object(pod['spec']);
  const object = {
    ...pod,
    spec: { ...spec, containers: [container()], ephemeralContainers: spec.containers },
  };
  return reviewPod(
    createRequest(object, { operation: 'UPDATE', subResource: 'ephemeralcontainers', oldObject: {} }),
    undefined,
  );
}

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

/** Large enough that a review takes a millisecond and more, where it is not refused before anything grows. */
const SIZE = 1_000;
/** As many containers with a mount and a variable as a review of 8 MiB holds. */
const LARGE_SIZE = 32_000;
/** A test of these that fails needs seconds for each. */
const LARGE_TRIES = 4;
/** For double the size. What is a product of two parts takes 4 times as long. */
const MAX_GROWTH = 2.5;

/** Judges the last doubling by itself, too: there a product shows that is nothing beside the rest of a small review. */
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

  /** What could be written without a thought, each beside a review as it is. */
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
    it(`this test finds what is quadratic: ${title}`, async () => {
      const answer = (body: Json): unknown => [review(body), work(Object(body['spec']))];
      const pod = (size: number): Json =>
        annotatedPod(
          {
            volumes: repeat(size, (index) => ({ name: `v${index}`, emptyDir: {} })),
            containers: repeat(size, (index) => container(`c${index}`)),
          },
          { [KEYS.containers]: 'c0' },
        );
      // Smaller than the reviews above, where it takes seconds and shows even more.
      const growth = await growthOfReview(answer, pod, LARGE_SIZE / 4, { tries: 1 });
      assert.ok(growth > MAX_GROWTH, `twice the review takes ${growth} times as long`);
    });
  }
});
