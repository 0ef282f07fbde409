import { KEYS, type Json } from '../admission/pods.ts';

/** A pod that asks for `my-jwt` with a mistake, and the message that its user reads. */
export interface BadPod {
  readonly title: string;
  readonly annotations?: Json;
  readonly spec?: Json;
  readonly says: readonly RegExp[];
}

const DIRECTORY = '/var/run/secrets/jwt';

function mounted(path: string): Json {
  return {
    volumes: [{ name: 'data', emptyDir: {} }],
    containers: [{ name: 'app', image: 'busybox', volumeMounts: [{ name: 'data', mountPath: path }] }],
  };
}

function mounting(name: string, ...mounts: readonly (readonly [volume: string, path: string])[]): Json {
  const volumeMounts = mounts.map(([volume, path]) => ({ name: volume, mountPath: path }));
  return { name, image: 'busybox', volumeMounts };
}

function mountPath(path: string, says: RegExp): BadPod {
  return {
    title: `mount-path ${JSON.stringify(path)}`,
    annotations: { [KEYS.mountPath]: path },
    says: [says],
  };
}

function containers(count: number): Json[] {
  return Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: 'busybox' }));
}

function shownAt(path: string): Json {
  return { name: 'own', secret: { secretName: 'my-jwt', items: [{ key: 'token', path }] } };
}

/** Pods that once ended the service: a long text that would be repeated in each of many containers. */
const PRODUCTS: readonly BadPod[] = [
  {
    title: 'a mount-path of 200 KB in 400 containers',
    annotations: { [KEYS.mountPath]: `/${'p'.repeat(200_000)}` },
    spec: { containers: containers(400) },
    says: [/mount-path: .* has 200001 bytes: use a path of at most 4095 bytes, in parts of at most 255$/],
  },
  {
    title: 'an env-var of 200 KB in 1,000 containers',
    annotations: { [KEYS.envVar]: 'E'.repeat(200_000) },
    spec: { containers: containers(1000) },
    says: [/env-var: .* has 200000 bytes: use a name of at most 255$/],
  },
  {
    title: 'a token shown at a path of 1 MB, in 400 containers',
    spec: { volumes: [shownAt('p'.repeat(1_000_000))], containers: containers(400) },
    says: [/volume "own" shows the token at a path that has 1000000 bytes: use a path of at most 4095 bytes/],
  },
  {
    title: '32 tokens in 1,000 containers',
    annotations: { [KEYS.token]: Array.from({ length: 32 }, (_, index) => `t${index}`).join() },
    spec: { containers: containers(1000) },
    says: [/this pod is too large: 32 tokens in 1000 containers: .*select containers with annotation/],
  },
];

/**
 * Every documented denial, with the parts of its message: container, path, the other volume, and how to fix
 * it.
 */
export const DENIED: readonly BadPod[] = [
  ...PRODUCTS,
  {
    title: 'two tokens with the same volume name',
    annotations: { [KEYS.token]: 'a.b,a-b-2e7336dc' },
    says: [/volume "jwt-a-b-2e7336dc" would have to show both tokens "a.b" and "a-b-2e7336dc"/],
  },
  {
    title: 'a mount of ours that would hide another wanted token',
    annotations: { [KEYS.token]: 'other,my-jwt' },
    spec: {
      volumes: [shownAt('jwt/token')],
      containers: [mounting('app', ['own', '/var/run/secrets'])],
    },
    says: [
      /volume "jwt-other" at \/var\/run\/secrets\/jwt hides the token file \/var\/run\/secrets\/jwt\/token/,
    ],
  },
  {
    title: 'a mount of ours that would take the place of another wanted token in its volume',
    annotations: { [KEYS.token]: 'other,my-jwt' },
    spec: {
      volumes: [shownAt('jwt/token')],
      containers: [mounting('app', ['own', '/var/run/secrets'], ['own', '/x'])],
    },
    says: [
      /container "app": volume "jwt-other" at \/var\/run\/secrets\/jwt takes the place of the token in volume "own": set /,
    ],
  },
  {
    title: 'a mount of another container that takes the place of the token',
    annotations: { [KEYS.containers]: 'app' },
    spec: {
      volumes: [shownAt('jwt/token'), { name: 'data', emptyDir: {} }],
      containers: [mounting('app'), mounting('side', ['own', '/q'], ['data', '/q/jwt'])],
    },
    says: [
      /container "app" cannot see token "my-jwt": in container "side" volume "data" at \/q\/jwt takes the place/,
      /: in container "side" mount "data" elsewhere, or remove the mount of "own" at \/q$/,
    ],
  },
  {
    title: 'the mount path is taken by another volume',
    spec: mounted(DIRECTORY),
    says: [
      /container "app": mount path \/var\/run\/secrets\/jwt is taken by volume "data": set .*mount-path/,
    ],
  },
  {
    title: 'the mount path is taken, written otherwise',
    spec: mounted('/var//run/./secrets/jwt/'),
    says: [/mount path \/var\/run\/secrets\/jwt is taken by volume "data"/],
  },
  {
    title: 'the mount path is taken by a device',
    spec: {
      volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }],
      containers: [
        { name: 'app', image: 'busybox', volumeDevices: [{ name: 'disk', devicePath: DIRECTORY }] },
      ],
    },
    says: [/container "app": mount path .* is taken by device "disk"/],
  },
  {
    title: 'a mount hides the token file',
    spec: mounted(`${DIRECTORY}/token`),
    says: [/volume "data" at .*\/token hides the token file .*\/token: set annotation .*mount-path/],
  },
  {
    title: 'the volume name is taken',
    spec: { volumes: [{ name: 'jwt-my-jwt', emptyDir: {} }] },
    says: [/volume "jwt-my-jwt" is of kind emptyDir and does not show .*: give that volume another name$/],
  },
  {
    title: 'an invalid name of a token',
    annotations: { [KEYS.token]: 'My_JWT' },
    says: [/"My_JWT" is not a valid token name: the closest valid one is "my-jwt"/],
  },
  mountPath('creds', /is not absolute: name a directory such as/),
  mountPath('/a/../b', /has "\.\." as a part/),
  mountPath('/a/./b', /has "\." as a part/),
  mountPath('/a//b', /has an empty part/),
  mountPath('/a:b', /has a colon/),
  mountPath('/a\nb', /has a control character/),
  mountPath('/a$b', /has a "\$"/),
  mountPath('/', /is the whole file system/),
  {
    title: 'env-var is not an identifier',
    annotations: { [KEYS.envVar]: '1-A' },
    says: [/env-var: "1-A" is not a valid name of an environment variable: use letters/],
  },
  {
    title: 'env-var is BEARER_TOKEN',
    annotations: { [KEYS.envVar]: 'BEARER_TOKEN' },
    says: [/expect the token itself in BEARER_TOKEN.*use BEARER_TOKEN_FILE/],
  },
  {
    title: 'file-mode is not a mode',
    annotations: { [KEYS.fileMode]: '888' },
    says: [/file-mode: "888" is not a valid file mode: use three octal digits/],
  },
  {
    title: 'inject is neither true nor false',
    annotations: { [KEYS.inject]: 'yes' },
    says: [/inject is "yes": set "true" or "false"/],
  },
  {
    title: 'inject without a token',
    annotations: { [KEYS.token]: undefined, [KEYS.inject]: 'true' },
    says: [/inject is "true", but no token is named: add tokens.osg-htc.org\/token/],
  },
  {
    title: 'containers and skip-containers',
    annotations: { [KEYS.containers]: 'app', [KEYS.skipContainers]: 'x' },
    says: [/both .*containers and .*skip-containers are set: keep one/],
  },
  {
    title: 'a list that selects no container',
    annotations: { [KEYS.containers]: 'ap' },
    says: [/selects no container: no container "ap", did you mean "app"\?: the pod's containers are "app"/],
  },
  {
    title: 'a Windows pod',
    spec: { os: { name: 'windows' } },
    says: [/spec\.os\.name asks for Windows.*: annotate the pod with .*inject: "false"/],
  },
  {
    title: 'a pod for Windows nodes',
    spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } },
    says: [/nodeSelector kubernetes\.io\/os asks for Windows/],
  },
];

/** The warnings for admitted pods, in order. */
export const WARNED: readonly BadPod[] = [
  {
    title: 'a misspelt annotation',
    annotations: { 'tokens.osg-htc.org/mountpath': '/a' },
    says: [/^unknown annotation "tokens.osg-htc.org\/mountpath": did you mean mount-path\?$/],
  },
  {
    title: 'an annotation of a JWT',
    annotations: { 'tokens.osg-htc.org/renew': 'now' },
    says: [/^annotation tokens.osg-htc.org\/renew has no effect here: it belongs on the JWT$/],
  },
  {
    title: 'settings without a token',
    annotations: { [KEYS.token]: undefined, [KEYS.envVar]: 'X' },
    says: [/^annotation .*env-var has no effect without .*token$/],
  },
  {
    title: 'an empty value',
    annotations: { [KEYS.mountPath]: ' ' },
    says: [/^annotation .*mount-path is empty: it counts as not set$/],
  },
  {
    title: 'an empty item',
    annotations: { [KEYS.containers]: 'app,,' },
    says: [/^annotation .*containers has an empty item: it is ignored$/],
  },
  {
    title: 'a token that is named twice',
    annotations: { [KEYS.token]: 'my-jwt, my-jwt' },
    says: [/^annotation .*token names "my-jwt" twice: it is injected once$/],
  },
  {
    title: 'an unknown container',
    annotations: { [KEYS.containers]: 'app, sidecat' },
    says: [/^annotation .*containers: no container "sidecat"$/],
  },
  {
    title: 'BEARER_TOKEN beside ours',
    spec: { containers: [{ name: 'app', image: 'busybox', env: [{ name: 'BEARER_TOKEN', value: 'x' }] }] },
    says: [/^container "app": BEARER_TOKEN is set, clients look there before BEARER_TOKEN_FILE: unset it$/],
  },
  {
    title: 'BEARER_TOKEN_FILE of the user’s own',
    spec: {
      containers: [{ name: 'app', image: 'busybox', env: [{ name: 'BEARER_TOKEN_FILE', value: '/x' }] }],
    },
    says: [/^container "app": BEARER_TOKEN_FILE is set to "\/x": kept; the token is .*\/token$/],
  },
  {
    title: 'a subPath of the user’s own',
    spec: {
      volumes: [{ name: 'mine', secret: { secretName: 'my-jwt' } }],
      containers: [
        {
          name: 'app',
          image: 'busybox',
          volumeMounts: [{ name: 'mine', mountPath: '/token', subPath: 'token' }],
        },
      ],
    },
    says: [/^container "app": mounts of "my-jwt" by subPath never see a renewed token$/],
  },
  {
    title: 'a read-only parent',
    spec: {
      volumes: [{ name: 'run', emptyDir: {} }],
      containers: [
        {
          name: 'app',
          image: 'busybox',
          volumeMounts: [{ name: 'run', mountPath: '/var/run', readOnly: true }],
        },
      ],
    },
    says: [/^container "app": \/var\/run is read-only, \/var\/run\/secrets\/jwt may be missing in it$/],
  },
  {
    title: 'node affinity for Windows',
    spec: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['windows'] }] },
            ],
          },
        },
      },
    },
    says: [/^node affinity allows Windows nodes only, where tokens are not supported$/],
  },
];
