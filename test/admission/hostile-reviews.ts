import { writeAdmissionReview } from '../../src/resources/admission-review.ts';
import { annotatedPod, container, KEYS, review, VOLUME, type Json } from './pods.ts';
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

/**
 * Pods of up to 3 MB, the limit of the API server: a long text, with many containers or tokens for which it
 * could be repeated.
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
};

/**
 * With a small heap, this ends the process if memory grows with the product of the sizes of two parts of a
 * pod.
 */
export function reviewHostilePods(): void {
  for (const make of Object.values(HOSTILE_PODS)) {
    const pod = make();
    writeAdmissionReview('u', review(pod));
    writeAdmissionReview(
      'u',
      reviewOf(workload({ podSpec: pod['spec'], annotations: Object(pod['metadata']).annotations })),
    );
  }
}
