import { Agent } from 'node:https';
import { scaled, type Attack } from './attack.ts';
import { countWords, inParallel } from './in-parallel.ts';
import { heavyPod } from './objects.ts';
import { post } from './port-client.ts';
import { jwtReview, podReview, reviewOf, TOKEN } from './reviews.ts';

const LIMIT = 8 * 1024 * 1024; // what the service reads at most
const AT_ONCE = 8;

/** A text made of `unit` again and again, as long as fits between `before` and `after` in 8 MiB. */
function fill(before: string, unit: string, after: string): string {
  const room = LIMIT - Buffer.byteLength(before) - Buffer.byteLength(after);
  return before + unit.repeat(Math.floor(room / Buffer.byteLength(unit))) + after;
}

function keysOf(count: number, prefix: string, value: string): string {
  return Array.from({ length: count }, (_, number) => `"${prefix}${number}":${value}`).join(',');
}

interface Body {
  readonly name: string;
  readonly title: string;
  readonly path?: string;
  readonly make: () => string;
  /** How often it is sent; 16 by default. */
  readonly count?: number;
  readonly fullOnly?: true;
}

const ENVELOPE = reviewOf('pods', 'Pod', '@').split('@');
const [BEFORE = '', AFTER = ''] = ENVELOPE;

const BODIES: readonly Body[] = [
  { name: 'deep-arrays', title: '8 MiB of [', make: () => '['.repeat(LIMIT) },
  {
    name: 'deep-objects',
    title: '8 MiB of {"a": within each other, in a review',
    make: () => fill(BEFORE, '{"a":', ''),
    fullOnly: true,
  },
  { name: 'many-objects', title: '8 MiB of [{},{},…]', make: () => fill('[', '{},', '{}]') },
  {
    name: 'many-numbers',
    title: '8 MiB of [1,1,1,…] in a review',
    make: () => fill(`${BEFORE}[`, '1,', `1]${AFTER}`),
    fullOnly: true,
  },
  {
    name: 'many-keys',
    title: '8 MiB of an object with half a million keys, in a review',
    make: () => `${BEFORE}{${keysOf(500_000, 'k', '1')}}${AFTER}`,
  },
  {
    name: 'escapes',
    title: '8 MiB of \\u0000 in one string of a review',
    make: () => fill(`${BEFORE}"`, String.raw`\u0000`, `"${AFTER}`),
    fullOnly: true,
  },
  {
    name: 'pod-of-containers',
    title: 'a pod with 200,000 containers',
    fullOnly: true,
    make: () => podReview(`{"containers":[${'{"name":"a"},'.repeat(200_000)}{"name":"b"}]}`),
  },
  {
    name: 'pod-of-mounts',
    title: 'a pod with 20,000 volumes and 20,000 mounts of each other',
    make: () => {
      const numbers = Array.from({ length: 20_000 }, (_, number) => number);
      const volumes = numbers.map((n) => `{"name":"v${n}","secret":{"secretName":"s${n}"}}`).join(',');
      const mounts = numbers.map((n) => `{"name":"v${n}","mountPath":"/m/${n}"}`).join(',');
      return podReview(`{"volumes":[${volumes}],"containers":[{"name":"a","volumeMounts":[${mounts}]}]}`);
    },
  },
  {
    name: 'pod-of-tokens',
    title: 'a pod that asks for 60,000 tokens, in 1,000 containers',
    fullOnly: true,
    make: () => {
      const names = Array.from({ length: 60_000 }, (_, number) => `t${number}`).join(',');
      const containers = Array.from({ length: 1_000 }, (_, number) => `{"name":"c${number}"}`).join(',');
      return podReview(
        `{"containers":[${containers}]}`,
        `"annotations":{"tokens.osg-htc.org/token":"${names}"}`,
      );
    },
  },
  {
    name: 'pod-of-names',
    title: 'a pod with 5,000 containers that skips 100,000 of other names',
    fullOnly: true,
    make: () => {
      const names = Array.from({ length: 100_000 }, (_, number) => `x${number}`).join(',');
      const containers = Array.from({ length: 5_000 }, (_, number) => `{"name":"c${number}"}`).join(',');
      const skip = `"tokens.osg-htc.org/skip-containers":"${names}"`;
      return podReview(
        `{"containers":[${containers}]}`,
        `"annotations":{"tokens.osg-htc.org/token":"a",${skip}}`,
      );
    },
  },
  {
    name: 'pod-long-path',
    title: 'a pod with a mount path of 3 MB and 20,000 containers',
    fullOnly: true,
    make: () => {
      const pod = heavyPod({
        annotation: 'mount-path',
        value: `/${'a'.repeat(3_000_000)}`,
        containers: 20_000,
      });
      return reviewOf('pods', 'Pod', JSON.stringify(pod));
    },
  },
  {
    name: 'copied-record',
    title: 'a Deployment whose record of copied annotations is 4 MB of nested JSON',
    fullOnly: true,
    path: '/mutate/workloads',
    make: () => {
      const copied = JSON.stringify('['.repeat(4_000_000));
      const template = `{"metadata":{"annotations":{"tokens.osg-htc.org/copied":${copied}}},"spec":{"containers":[{"name":"a"}]}}`;
      return reviewOf(
        'deployments',
        'Deployment',
        `{"metadata":{"name":"a",${TOKEN}},"spec":{"template":${template}}}`,
      );
    },
  },
  {
    name: 'jwt-review-pem',
    title: 'a JWT whose key is 64 KB of -----BEGIN A-----',
    path: '/validate/jwts',
    make: () => jwtReview(`"data":{},"key":{"value":${JSON.stringify('-----BEGIN A-----'.repeat(3_800))}}`),
    count: 200,
  },
  {
    name: 'jwt-review-dashes',
    title: 'a JWT whose key is 4 MB of dashes and line breaks',
    fullOnly: true,
    path: '/validate/jwts',
    make: () => jwtReview(`"data":{},"key":{"value":${JSON.stringify('-----BEGIN \n'.repeat(330_000))}}`),
  },
  {
    name: 'jwt-review-claims',
    title: 'a JWT with 300,000 claims',
    path: '/validate/jwts',
    make: () =>
      jwtReview(`"data":{${keysOf(300_000, 'claim', '"x"')}},"key":{"secret":{"name":"a","key":"a"}}`),
  },
  {
    name: 'jwt-review-scope',
    title: 'a JWT whose scope is 6 MB of words',
    path: '/validate/jwts',
    make: () =>
      jwtReview(
        `"data":{"scope":"${'storage.read:/ '.repeat(400_000)}"},"key":{"secret":{"name":"a","key":"a"}}`,
      ),
    fullOnly: true,
  },
];

/** Bodies of up to 8 MiB that cost more than their bytes, sent to the webhook by somebody without any right. */
export const BODY_ATTACKS: readonly Attack[] = BODIES.map(
  ({ name, title, path = '/mutate/pods', make, count = 16, fullOnly }) => ({
    name,
    title: `${title}, ${count} times`,
    from: 'port',
    fullOnly,
    run: async (target) => {
      const body = Buffer.from(make());
      const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
      const answers = await inParallel(scaled(count, target), AT_ONCE, () =>
        post(target.webhookPort, path, body, agent),
      );
      agent.destroy();
      return countWords(answers);
    },
  }),
);
