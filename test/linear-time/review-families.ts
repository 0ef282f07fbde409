import { annotatedPod, container, ENV, KEYS, MOUNT, VOLUME, type Json } from '../admission/pods.ts';

/** A review of which two parts grow with `size`: work for each pair of their items would show. */
export interface Family {
  readonly title: string;
  readonly pod: (size: number) => Json;
}

/** A list of `count` items. */
export function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const TOKENS = repeat(32, (index) => `t${index}`);
const [FIRST = 't0'] = TOKENS;

function secret(name: string, secretName: string, path = 'token'): Json {
  return { name, secret: { secretName, items: [{ key: 'token', path }] } };
}

/** Mounts of the token's volume and of another one, alternating. */
function mountInTurn(count: number, pathOf: (index: number) => string): Json[] {
  return repeat(count, (index) => ({ name: index % 2 === 0 ? 'own' : 'other', mountPath: pathOf(index) }));
}

/** Pods with two growing parts. */
export const FAMILIES: readonly Family[] = [
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
            volumeMounts: mountInTurn(10 * size, (index) =>
              index % 2 === 0 ? `/m${index}` : `/m${index - 1}/a`,
            ),
          }),
        ],
      }),
  },
  {
    title: 'mounts of the token below one another',
    pod: (size) =>
      annotatedPod({
        volumes: [secret('own', 'my-jwt', 'a/token')],
        containers: [
          container('app', {
            volumeMounts: mountInTurn(5 * size, (index) => `/m${index % 7}${'/a'.repeat(index % 40)}`),
          }),
        ],
      }),
  },
  {
    title: 'mounts of the token at paths of many parts, and as many below them',
    pod: (size) =>
      annotatedPod(
        {
          volumes: [secret('own', 'my-jwt', 'a/token')],
          containers: [
            container('app'),
            container('side', {
              volumeMounts: mountInTurn(
                size,
                (index) => `/m${index >> 1}${'/a'.repeat(500)}${index % 2 === 0 ? '' : '/b'}`,
              ),
            }),
          ],
        },
        { [KEYS.containers]: 'app' },
      ),
  },
  {
    title: 'the length of a path at which the token is shown, and containers that mount it',
    pod: (size) =>
      annotatedPod({
        volumes: [secret('own', 'my-jwt', `${`${'x'.repeat(84)}/`.repeat(size / 22)}t`)],
        containers: repeat(size, (index) =>
          container(`c${index}`, { volumeMounts: [{ name: 'own', mountPath: '/m' }], env: [ENV] }),
        ),
      }),
  },
  {
    title: 'the length of a mount’s path, and the tokens that it shows',
    pod: (size) =>
      annotatedPod(
        {
          volumes: [
            {
              name: 'own',
              projected: {
                sources: TOKENS.map((name) => ({ secret: { name, items: [{ key: 'token', path: name }] } })),
              },
            },
          ],
          containers: [
            container('app', { volumeMounts: [{ name: 'own', mountPath: '//ab'.repeat(200 * size) }] }),
          ],
        },
        { [KEYS.token]: TOKENS.join() },
      ),
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
        // As many as fit into 256 KiB, the limit of an object's annotations: with 10,000 keys V8 itself lists
        // each of them 4 times as slowly.
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
    title: 'annotations that break every rule, each of the greatest allowed length',
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

/**
 * The items of which a review can have the most, each kind alone: work for each pair of them only shows with
 * this number.
 */
export const LARGE_FAMILIES: readonly Family[] = [
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
