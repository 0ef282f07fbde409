import fc from 'fast-check';
import { KEYS, type Json } from './pods.ts';
import { TRIES } from '../fixtures/tries.ts';

export const RUNS = { numRuns: TRIES };

/** Small pools, so that equal names and paths occur often. */
const VOLUMES = ['jwt-a', 'jwt-b', 'v1', 'v2', 'v3'];
const PATHS = [
  '/var/run/secrets/jwt',
  '/var/run/secrets/jwt/',
  '/var//run/./secrets/jwt',
  '/var/run/secrets/jwt/token',
  '/var/run/secrets/jwt-b',
  '/var/run/secrets',
  '/creds',
  '/creds/token',
  '/creds/token/x',
  '/creds/deep',
  '/creds/deep/x',
  'relative',
  'creds',
  '/a$b',
];
const CONTAINERS = ['init', 'side', 'app', 'web', 'db'];
const VARIABLES = ['HOME', 'DIR', 'BEARER_TOKEN_FILE', 'BEARER_TOKEN', 'TOKEN_FILE'];
const VALUES = [
  '/var/run/secrets/jwt/token',
  '/creds/token',
  '/creds',
  '$(DIR)/token',
  '/creds/$(HOME)token',
  '/a$$b/token',
  '/a$b/token',
  'x',
  '',
];

const secretName = fc.constantFrom('a', 'b', 'c.d', 'other');
const items = fc.option(
  fc.constantFrom(
    [],
    [{ key: 'token', path: 'token' }],
    [{ key: 'token', path: 'deep/t' }],
    [{ key: 'token', path: 'jwt/token' }],
    [{ key: 'x', path: 'token' }],
    [
      { key: 'token', path: 'deep/t' },
      { key: 'token', path: 'token' },
    ],
    [
      { key: 'token', path: 't' },
      { key: 'token', path: 'token' },
      { key: 'x', path: 't' },
    ],
  ),
  { nil: undefined },
);
/** Sources of a projected volume that show no token, but may write a file of theirs in its place. */
const foreignSource = fc.constantFrom<Json>(
  { configMap: { name: 'c', items: [{ key: 'x', path: 'token' }] } },
  { configMap: { name: 'c' } },
  { serviceAccountToken: { path: 'token' } },
  { serviceAccountToken: { path: 'deep/t' } },
  { downwardAPI: { items: [{ path: 't', fieldRef: { fieldPath: 'metadata.name' } }] } },
);
const source = fc.oneof(
  fc.record({ secretName, items }).map((secret) => ({ secret: dropUndefined(secret) })),
  fc
    .array(fc.record({ name: secretName, items }), { minLength: 1, maxLength: 2 })
    .map((secrets) => projected(secrets.map(dropUndefined))),
  fc
    .tuple(fc.record({ name: secretName, items }).map(dropUndefined), foreignSource, fc.boolean())
    .map(([secret, other, isLast]) => ({
      projected: { sources: isLast ? [{ secret }, other] : [other, { secret }] },
    })),
  fc.constantFrom<Json>({ emptyDir: {} }, { configMap: { name: 'c' } }, { hostPath: { path: '/' } }),
);
const mount = fc
  .record({
    name: fc.constantFrom(...VOLUMES),
    mountPath: fc.constantFrom(...PATHS),
    subPath: fc.constantFrom(undefined, undefined, undefined, 'token', 'deep', 'other', '.'),
    readOnly: fc.constantFrom(undefined, true, false),
    subPathExpr: fc.constantFrom(undefined, undefined, undefined, undefined, 'deep', 'token', '$(HOME)'),
  })
  // The API server refuses both together.
  .map(({ subPathExpr, ...one }) => dropUndefined(one.subPath === undefined ? { ...one, subPathExpr } : one));
const variable = fc
  .record({
    name: fc.constantFrom(...VARIABLES),
    value: fc.constantFrom(...VALUES, undefined),
    valueFrom: fc.constantFrom(undefined, undefined, undefined, null, { fieldRef: { fieldPath: 'x' } }),
  })
  .map(dropUndefined);
const device = fc.record({
  name: fc.constant('disk'),
  devicePath: fc.constantFrom('/creds', '/creds/token', '/dev/xvda'),
});
const otherSource = { configMapRef: { name: 'c' } };

/** Unknown fields, which must stay as they are. */
const unknown = fc.dictionary(
  fc.constantFrom('future', 'x-y', 'a/b~c', '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
  {
    maxKeys: 2,
  },
);

/** Absent, `null`, or a list: the forms of the Kubernetes API. */
function list<T>(entry: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[] | null | undefined> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
    { weight: 3, arbitrary: fc.array(entry, { maxLength }) },
  );
}

const parts = fc.tuple(
  list(mount, 3),
  list(variable, 4),
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: list(device, 1) }),
  fc.constantFrom(undefined, undefined, undefined, null, [], [otherSource]),
  unknown,
);
const container = parts.map(([volumeMounts, env, volumeDevices, envFrom, more]) =>
  dropUndefined({ ...more, volumeMounts, env, volumeDevices, envFrom }),
);

const annotations = fc
  .record({
    [KEYS.token]: fc.constantFrom(
      undefined,
      'a',
      ' a',
      'b',
      'a,b',
      'c.d, a',
      'b,,a',
      '',
      'a\u0085',
      'b,\u0085a',
      '\u0085,',
    ),
    [KEYS.mountPath]: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      '/creds',
      '/a/b/',
      ' ',
      '/dev/xvda/jwt',
    ),
    [KEYS.envVar]: fc.constantFrom(undefined, undefined, 'TOKEN_FILE'),
    [KEYS.containers]: fc.constantFrom(undefined, undefined, undefined, 'app', 'app, init', 'nobody'),
    [KEYS.skipContainers]: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      undefined,
      'app',
      'init,web',
      'nobody',
    ),
    [KEYS.fileMode]: fc.constantFrom(undefined, undefined, '0440'),
    'tokens.osg-htc.org/tokn': fc.constantFrom(undefined, undefined, 'x'),
  })
  .map(dropUndefined);

const usualPod: fc.Arbitrary<Json> = fc
  .record({
    annotations,
    volumes: list(fc.tuple(fc.constantFrom(...VOLUMES), source), 4),
    containers: fc.array(container, { minLength: 1, maxLength: 3 }),
    initContainers: list(container, 2),
    more: unknown,
  })
  .map(({ annotations: given, volumes, containers, initContainers, more }) => ({
    metadata: { annotations: given },
    spec: {
      ...more,
      ...dropUndefined({
        volumes: volumes?.filter(firstOfName).map(([name, volume]) => named(volume, name)) ?? volumes,
        initContainers:
          initContainers?.map((entry, index) => named(entry, CONTAINERS[index])) ?? initContainers,
      }),
      containers: containers.map((entry, index) => named(entry, CONTAINERS[index + 2])),
    },
  }))
  .map((pod): Json => JSON.parse(JSON.stringify(pod)));

const NESTED_PATHS = [
  '/var/run/secrets',
  '/var/run/secrets/jwt',
  '/var/run/secrets/jwt/token',
  '/var/run/secrets/jwt/t',
  '/var/run/secrets/jwt-b',
  '/q',
  '/q/token',
  '/q/jwt',
  '/q/deep',
  '/',
];
const shownAt = fc.constantFrom(
  ['token'],
  ['jwt/token'],
  ['jwt/token', 't'],
  ['token', 't'],
  ['deep/t'],
  ['jwt-b/token'],
);
const tokenSecret = fc
  .tuple(fc.constantFrom('a', 'a', 'b', 'b', 'other'), shownAt)
  .map(([name, paths]) => ({ name, items: paths.map((path) => ({ key: 'token', path })) }));
const tokenVolume: fc.Arbitrary<Json> = fc.oneof(
  tokenSecret.map(({ name, items: shown }) => ({ secret: { secretName: name, items: shown } })),
  fc.array(tokenSecret, { minLength: 1, maxLength: 2 }).map(projected),
);
const nestedMount = fc
  .record({
    name: fc.constantFrom('v1', 'v1', 'v2', 'v2', 'data'),
    mountPath: fc.constantFrom(...NESTED_PATHS),
    subPath: fc.constantFrom(undefined, undefined, undefined, undefined, 'jwt', 't', 'other'),
  })
  // A file at the root would be the whole of the container's file system.
  .map(({ subPath, ...whole }) => dropUndefined(whole.mountPath === '/' ? whole : { ...whole, subPath }));

/** Pods whose containers mount the volumes of tokens, several times, with much below these mounts. */
const nestedPod: fc.Arbitrary<Json> = fc
  .record({
    token: fc.constantFrom('a', 'a,b', 'a,b', 'b,a'),
    only: fc.constantFrom(undefined, undefined, 'app', 'init, web'),
    mountPath: fc.constantFrom(undefined, undefined, undefined, '/q'),
    volumes: fc.tuple(tokenVolume, tokenVolume),
    containers: fc.array(
      fc.uniqueArray(nestedMount, { maxLength: 4, selector: ({ mountPath }) => mountPath }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  })
  .map(({ token, only, mountPath, volumes: [first, second], containers }) => ({
    metadata: {
      annotations: dropUndefined({
        [KEYS.token]: token,
        [KEYS.containers]: only,
        [KEYS.mountPath]: mountPath,
      }),
    },
    spec: {
      volumes: [named(first, 'v1'), named(second, 'v2'), { name: 'data', emptyDir: {} }],
      containers: containers.map((volumeMounts, index) => ({ name: CONTAINERS[index], volumeMounts })),
    },
  }));

/** Pods that the API server accepts (except for mounts of volumes that do not exist). */
export const validPod: fc.Arbitrary<Json> = fc.oneof(usualPod, nestedPod);

function firstOfName(
  [name]: readonly [string, unknown],
  index: number,
  all: readonly (readonly [string, unknown])[],
): boolean {
  return all.findIndex(([other]) => other === name) === index;
}

function projected(secrets: readonly Json[]): Json {
  return { projected: { sources: secrets.map((secret) => ({ secret })) } };
}

function named(entry: Json, name: string | undefined): Json {
  return { ...entry, name };
}

function dropUndefined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
