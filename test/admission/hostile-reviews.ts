import { FAMILIES, LARGE_FAMILIES } from '../linear-time/review-families.ts';
import { writeAdmissionReview } from '../../src/resources/admission-review.ts';
import {
  annotatedPod,
  container,
  createRequest,
  KEYS,
  review,
  reviewPod,
  VOLUME,
  type Json,
  type ReadAnswer,
} from './pods.ts';
import { reviewOf, workload } from './workloads.ts';

export function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export function containers(count: number, more: Json = {}): Json[] {
  return many(count, (index) => container(`c${index}`, more));
}

/** A Secret volume that shows the token at a path that the user chose. */
export function shownAt(path: string): Json {
  return { ...VOLUME, secret: { ...VOLUME.secret, items: [{ key: 'token', path }] } };
}

const OWN_MOUNT = { volumeMounts: [{ name: 'jwt-my-jwt', mountPath: '/m' }] };
const TOKENS = many(32, (index) => `t${index}`).join();

/** A volume that shows `count` tokens at `files` paths each, of this many characters in parts of `part`. */
export function shownTogether(count: number, files: number, length = 4, part = 84): Json {
  const pathOf = (start: string): string =>
    `${start}${`/${'x'.repeat(part)}`.repeat(Math.floor((length - start.length) / (part + 1)))}`;
  const sources = many(count, (token) => ({
    secret: {
      name: `t${token}`,
      items: many(files, (file) => ({ key: 'token', path: pathOf(`${token}.${file}`) })),
    },
  }));
  return { name: 'v', projected: { sources } };
}

/** Containers that mount the volume `v` once, and have the variable. */
export function mounting(count: number): Json[] {
  const env = [{ name: 'BEARER_TOKEN_FILE', value: 'x' }];
  return containers(count, { volumeMounts: [{ name: 'v', mountPath: '/m' }], env });
}

/** A container that mounts these volumes, each at its path. */
function mountedAt(mounts: readonly (readonly [string, string])[]): Json {
  return container('app', { volumeMounts: mounts.map(([name, mountPath]) => ({ name, mountPath })) });
}

const SECRET = { name: 'v', secret: { secretName: 'my-jwt' } };
const EMPTY = { name: 'w', emptyDir: {} };

/**
 * `count` mounts of the token, each at a path of 4 KB in parts of one letter (2.8 MB for 700), beside the container that is to
 * get it.
 */
export function mountedDeep(count: number): Json {
  const mounts = many(count, (index) => ['v', `/m${index}${'/a'.repeat(2_000)}`] as const);
  return annotatedPod(
    { volumes: [SECRET, EMPTY], containers: [container('other'), mountedAt([...mounts, ['w', '/w']])] },
    { [KEYS.containers]: 'other' },
  );
}

/** A mount at a path of this many characters, of a volume that shows 32 tokens at 8 paths each. */
export function mountedLong(length: number): Json {
  return annotatedPod(
    { volumes: [shownTogether(32, 8)], containers: [mountedAt([['v', `/${'m'.repeat(length)}`]])] },
    { [KEYS.token]: TOKENS },
  );
}

/**
 * `count` containers, which get no token, with `volumes` mounts at one directory, each of a volume that shows 32 tokens at
 * `files` paths, and as many mounts below it as a volume has files (1.5 MB for 150, 5 and 80).
 */
export function stackedVolumes(volumes: number, files: number, count: number): Json {
  const stacked = many(volumes, (index) => ({ ...shownTogether(32, files), name: `v${index}` }));
  const below = many(32 * files, (index) => ({ name: 'w', mountPath: `/m/x${index}` }));
  const volumeMounts = [...stacked.map(({ name }) => ({ name, mountPath: '/m' })), ...below];
  return annotatedPod(
    {
      volumes: [...stacked, EMPTY],
      containers: [container('selected'), ...containers(count, { volumeMounts })],
    },
    { [KEYS.token]: TOKENS, [KEYS.containers]: 'selected' },
  );
}

/** `count` containers that see a token at 8 paths of 4 KB. */
export function shownLong(count: number): Json {
  return annotatedPod(
    { volumes: [shownTogether(1, 8, 4_000)], containers: mounting(count) },
    { [KEYS.token]: 't0' },
  );
}

/**
 * Pods of up to 3 MB, the limit of the API server: a long text, with many containers, tokens or files for which it could
 * be repeated, compared or measured.
 */
export const HOSTILE_PODS: Readonly<Record<string, () => Json>> = {
  'a mount-path of 200 KB, 15,000 containers': () =>
    annotatedPod({ containers: containers(15_000) }, { [KEYS.mountPath]: `/${'p'.repeat(200_000)}` }),
  'a mount-path of 4 KB, 15,000 containers': () =>
    annotatedPod({ containers: containers(15_000) }, { [KEYS.mountPath]: '/pppp'.repeat(800) }),
  'an env-var of 200 KB, 15,000 containers': () =>
    annotatedPod({ containers: containers(15_000) }, { [KEYS.envVar]: 'E'.repeat(200_000) }),
  'a path of 1 MB in a volume, 15,000 containers': () =>
    annotatedPod({ volumes: [shownAt('p'.repeat(1_000_000))], containers: containers(15_000) }),
  'a path of 1 MB in a volume, 15,000 mounts of it': () =>
    annotatedPod({ volumes: [shownAt('p'.repeat(1_000_000))], containers: containers(15_000, OWN_MOUNT) }),
  'a path of 4 KB in a volume, 15,000 mounts of it': () =>
    annotatedPod({ volumes: [shownAt('pppp/'.repeat(800))], containers: containers(15_000, OWN_MOUNT) }),
  '32 tokens, 15,000 containers': () =>
    annotatedPod({ containers: containers(15_000) }, { [KEYS.token]: TOKENS }),
  '32 tokens, 40,000 mounts': () =>
    annotatedPod(
      {
        containers: [
          container('app', { volumeMounts: many(40_000, () => ({ name: 'v', mountPath: '/v' })) }),
        ],
      },
      { [KEYS.token]: TOKENS },
    ),
  '32 tokens, 40,000 projected sources': () =>
    annotatedPod(
      {
        volumes: [
          {
            name: 'v',
            projected: { sources: many(40_000, (index) => ({ secret: { name: `t${index % 32}` } })) },
          },
        ],
      },
      { [KEYS.token]: TOKENS },
    ),
  'a volume of 1 MB of fields, 15,000 mounts of it': () =>
    annotatedPod({
      volumes: [{ name: 'v', ...Object.fromEntries(many(60_000, (index) => [`f${index}`, null])) }],
      containers: containers(15_000, {
        volumeMounts: [{ name: 'v', mountPath: '/var/run', readOnly: true }],
      }),
    }),
  '8 files of a token at paths of 4 KB, 2,000 containers': () => shownLong(2_000),
  '32 tokens of 8 files at paths of 4 KB, 1,000 containers': () =>
    annotatedPod(
      { volumes: [shownTogether(32, 8, 4_000, 50)], containers: mounting(1_000) },
      { [KEYS.token]: TOKENS },
    ),
  '32 tokens of 8 files, 32,000 containers': () =>
    annotatedPod({ volumes: [shownTogether(32, 8)], containers: mounting(32_000) }, { [KEYS.token]: TOKENS }),
  '8 files of a token at paths of 4 KB, 30,000 mounts in turn by two volumes at one place': () =>
    annotatedPod(
      {
        volumes: [shownTogether(1, 8, 4_000), { ...shownTogether(1, 8, 4_000), name: 'w' }],
        containers: [mountedAt(many(30_000, (index) => [index % 2 === 0 ? 'v' : 'w', '/m']))],
      },
      { [KEYS.token]: 't0' },
    ),
  'a mountPath of 2.5 MB, 32 tokens of 8 files': () => mountedLong(2_500_000),
  'a mountPath of 2.5 MB, in parts of one letter': () =>
    annotatedPod({
      volumes: [SECRET, EMPTY],
      containers: [
        mountedAt([
          ['v', '/a'.repeat(1_250_000)],
          ['w', '/w'],
        ]),
      ],
    }),
  '700 mounts of the token at paths of 4 KB, in parts of one letter': () => mountedDeep(700),
  '25,000 mounts below as many mounts of 32 tokens of 8 files': () =>
    annotatedPod(
      {
        volumes: [shownTogether(32, 8), EMPTY],
        containers: [
          container('selected'),
          mountedAt(
            many(50_000, (index) => [
              index % 2 === 0 ? 'v' : 'w',
              `/m${index >> 1}${index % 2 === 0 ? '' : '/x'}`,
            ]),
          ),
        ],
      },
      { [KEYS.token]: TOKENS, [KEYS.containers]: 'selected' },
    ),
  '150 volumes of 32 tokens of 5 files at one directory of each of 80 containers': () =>
    stackedVolumes(150, 5, 80),
  'a mountPath, a subPath, a devicePath and a path in a volume of 600 KB that are to be cleaned': () => {
    const long = '//ab'.repeat(150_000);
    const volumeMounts = [{ name: 'v', mountPath: long, subPath: long.slice(2) }];
    return annotatedPod({
      volumes: [shownAt(long.slice(2)), SECRET],
      containers: [container('app', { volumeMounts, volumeDevices: [{ name: 'd', devicePath: long }] })],
    });
  },
};

/** Characters that each of `LARGE_PODS` has at least, and about twice as many at most. */
const LARGE = 1_500_000;

/** The families whose growth is measured elsewhere, at a size at which a large constant shows as well. */
export const LARGE_PODS: Readonly<Record<string, () => Json>> = Object.fromEntries(
  [...FAMILIES, ...LARGE_FAMILIES].map(({ title, pod }) => [
    title,
    () => {
      let size = 500;
      while (JSON.stringify(pod(size)).length < LARGE) size *= 2;
      return pod(size);
    },
  ]),
);

/**
 * Answers each pod, a Deployment of it, and its containers as ephemeral ones. With a small heap, this ends the process if memory
 * grows with the product of the sizes of two parts of a pod.
 * @returns the milliseconds of CPU that each pod took.
 */
export function reviewHostilePods(): Readonly<Record<string, number>> {
  const took = Object.entries({ ...HOSTILE_PODS, ...LARGE_PODS }).map(([title, make]) => {
    const pod = make();
    const before = process.threadCpuUsage();
    writeAdmissionReview('u', review(pod));
    writeAdmissionReview(
      'u',
      reviewOf(workload({ podSpec: pod['spec'], annotations: Object(pod['metadata']).annotations })),
    );
    writeAdmissionReview('u', debug(pod));
    const { user, system } = process.threadCpuUsage(before);
    return [title, Math.round((user + system) / 1000)] as const;
  });
  return Object.fromEntries(took);
}

/** The containers of the pod as ephemeral ones that are added to it, beside one that is there. */
export function debug(pod: Json): ReadAnswer {
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
