import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readContainers } from '../../src/admission/pod-shape.ts';
import {
  annotatedPod,
  at,
  container,
  DIRECTORY,
  ENV,
  injected,
  MOUNT,
  review,
  VOLUME,
  type Json,
} from './pods.ts';

const P1 = [
  { op: 'add', path: '/spec/volumes', value: [VOLUME] },
  { op: 'add', path: '/spec/containers/0/volumeMounts', value: [MOUNT] },
  { op: 'add', path: '/spec/containers/0/env', value: [ENV] },
];
const P2 = [
  { op: 'add', path: '/spec/volumes/-', value: VOLUME },
  { op: 'add', path: '/spec/containers/0/volumeMounts/-', value: MOUNT },
  { op: 'add', path: '/spec/containers/0/env/0', value: ENV },
];
const OTHER_VOLUME = { name: 'data', emptyDir: {} };
const OTHER_MOUNT = { name: 'data', mountPath: '/data' };
const OTHER_ENV = { name: 'HOME', value: '/home' };

const EXACT: readonly { title: string; spec: Json; operations: readonly unknown[] }[] = [
  { title: 'a pod without volumes', spec: {}, operations: P1 },
  {
    title: 'an empty list of volumes',
    spec: { volumes: [] },
    operations: [{ ...P2[0] }, P1[1], P1[2]],
  },
  { title: 'volumes: null', spec: { volumes: null }, operations: P1 },
  {
    title: 'a pod with other volumes, which are never moved',
    spec: {
      volumes: [OTHER_VOLUME],
      containers: [container('app', { volumeMounts: [OTHER_MOUNT], env: [OTHER_ENV] })],
    },
    operations: P2,
  },
  { title: 'a pod that has the volume already', spec: { volumes: [VOLUME] }, operations: [P1[1], P1[2]] },
  {
    title: 'volumeMounts: null, which becomes a list',
    spec: { containers: [container('app', { volumeMounts: null, env: null })] },
    operations: P1,
  },
  {
    title: 'empty lists, which get an entry',
    spec: { volumes: [], containers: [container('app', { volumeMounts: [], env: [] })] },
    operations: P2,
  },
  {
    title: 'env: null, which becomes a list',
    spec: { containers: [container('app', { env: null })] },
    operations: P1,
  },
  {
    title: 'envFrom, which may set the variable: an explicit one wins over it',
    spec: { containers: [container('app', { envFrom: [{ configMapRef: { name: 'c' } }] })] },
    operations: P1,
  },
  {
    title: 'a pod on the host network',
    spec: { hostNetwork: true },
    operations: P1,
  },
  {
    title: 'a pod without a ServiceAccount token',
    spec: { automountServiceAccountToken: false },
    operations: P1,
  },
  {
    title: 'a pod that runs as non-root, which can read the file',
    spec: { securityContext: { runAsNonRoot: true } },
    operations: P1,
  },
  { title: 'a pod with fsGroup', spec: { securityContext: { fsGroup: 1000 } }, operations: P1 },
  {
    title: 'a read-only root file system',
    spec: { containers: [container('app', { securityContext: { readOnlyRootFilesystem: true } })] },
    operations: P1,
  },
  { title: 'a ServiceAccount that does not exist', spec: { serviceAccountName: 'nobody' }, operations: P1 },
];

describe('the patch is as it should be for', () => {
  for (const { title, spec, operations } of EXACT) {
    it(title, () => {
      const answer = review(annotatedPod(spec));
      assert.deepEqual(answer.operations, operations);
      assert.deepEqual(answer.warnings, []);
    });
  }

  it('other variables: ours comes first, so that they can refer to it', () => {
    const env = [{ name: 'ARGS', value: '--token=$(BEARER_TOKEN_FILE)' }];
    const pod = injected(annotatedPod({ containers: [container('app', { env })] }));
    assert.deepEqual(at(pod, 'spec', 'containers', 0, 'env'), [ENV, ...env]);
  });

  it('init containers', () => {
    const { operations } = review(annotatedPod({ initContainers: [container('init')] }));
    assert.ok(operations.some(({ path }) => path === '/spec/initContainers/0/volumeMounts'));
    assert.ok(operations.some(({ path }) => path === '/spec/containers/0/volumeMounts'));
  });

  it('a native sidecar, which stays one', () => {
    const pod = injected(annotatedPod({ initContainers: [container('side', { restartPolicy: 'Always' })] }));
    assert.equal(at(pod, 'spec', 'initContainers', 0, 'restartPolicy'), 'Always');
    assert.deepEqual(at(pod, 'spec', 'initContainers', 0, 'env'), [ENV]);
  });

  it('unknown fields', () => {
    const futuristic = { grpcProbe: { port: 1 }, quantum: [null, { deep: true }], resizePolicy: 'x' };
    const pod = injected(annotatedPod({ containers: [container('app', futuristic)], tomorrow: { a: 1 } }));
    for (const [key, value] of Object.entries(futuristic)) {
      assert.deepEqual(at(pod, 'spec', 'containers', 0, key), value);
    }
    assert.deepEqual(at(pod, 'spec', 'tomorrow'), { a: 1 });
  });

  it('numbers that JavaScript cannot represent: no operation contains them', () => {
    const text = JSON.stringify(annotatedPod()).replace(
      '"image":"busybox"',
      '"image":"busybox","resources":{"limits":{"cpu":1e3,"x":9007199254740993}}',
    );
    assert.doesNotMatch(JSON.stringify(review(JSON.parse(text)).operations), /1000|9007199254740/);
  });

  it('forty containers and two thousand variables: it is small', () => {
    const env = Array.from({ length: 2000 }, (_, index) => ({ name: `V${index}`, value: 'x' }));
    const containers = Array.from({ length: 40 }, (_, index) => container(`c${index}`, { env }));
    const answer = review(annotatedPod({ containers }));
    assert.equal(answer.operations.length, 1 + 40 * 2);
    assert.ok(JSON.stringify(answer.operations).length < 20_000);
  });

  it('managedFields, which are not copied', () => {
    const pod = annotatedPod();
    const metadata = { ...Object(pod['metadata']), managedFields: [{ fieldsV1: 'x'.repeat(10_000) }] };
    assert.ok(JSON.stringify(review({ ...pod, metadata }).operations).length < 1_000);
  });

  it('a new pod with a status', () => {
    for (const phase of ['', 'Pending', 'Running', 'Succeeded', 'Failed', 7]) {
      assert.deepEqual(review({ ...annotatedPod(), status: { phase } }).operations, P1);
    }
  });

  it('a Secret that does not exist yet: the volume is not optional, so the kubelet waits', () => {
    assert.equal(at(injected(annotatedPod()), 'spec', 'volumes', 0, 'secret', 'optional'), false);
    assert.equal(at(injected(annotatedPod()), 'spec', 'volumes', 0, 'secret', 'defaultMode'), 0o444);
  });

  it('volume and mount that were added by hand: they are not added twice', () => {
    const containers = [container('app', { volumeMounts: [MOUNT], env: [ENV] })];
    const answer = review(annotatedPod({ volumes: [VOLUME], containers }));
    assert.deepEqual([answer.decision, answer.reason, answer.operations], ['skip', 'AlreadyInjected', []]);
  });
});

const REFUSED_BY_THE_API_SERVER: readonly { title: string; pod: unknown }[] = [
  { title: 'ephemeral containers', pod: annotatedPod({ ephemeralContainers: [container('debug')] }) },
  { title: 'no containers', pod: annotatedPod({ containers: [] }) },
  { title: 'containers: null', pod: annotatedPod({ containers: null }) },
  { title: 'no spec', pod: { metadata: { annotations: { 'tokens.osg-htc.org/token': 'x' } } } },
  {
    title: 'one name in init and main containers',
    pod: annotatedPod({ initContainers: [container('app')] }),
  },
  { title: 'a container without a name', pod: annotatedPod({ containers: [{ image: 'x' }] }) },
  {
    title: 'a mount without a path',
    pod: annotatedPod({
      volumes: [VOLUME],
      containers: [container('app', { volumeMounts: [{ ...MOUNT, mountPath: '' }] })],
    }),
  },
  { title: 'volumes that are not a list', pod: annotatedPod({ volumes: {} }) },
  { title: 'containers that are not a list', pod: annotatedPod({ containers: 'x' }) },
  { title: 'a container that is not an object', pod: annotatedPod({ containers: [7] }) },
  { title: 'env that is not a list', pod: annotatedPod({ containers: [container('app', { env: 'x' })] }) },
  {
    title: 'an annotation that is not a string',
    pod: annotatedPod({}, { 'tokens.osg-htc.org/inject': true }),
  },
  {
    title: 'annotations that are not an object',
    pod: { ...annotatedPod(), metadata: { annotations: ['x'] } },
  },
  { title: 'a pod that is not an object', pod: 'pod' },
  { title: 'two volumes of one name', pod: annotatedPod({ volumes: [VOLUME, VOLUME] }) },
  {
    title: 'a shape that would also be denied',
    pod: annotatedPod({ containers: [{}] }, { 'tokens.osg-htc.org/token': 'NO_NAME' }),
  },
];

describe('a shape that the API server refuses anyway is allowed untouched', () => {
  for (const { title, pod } of REFUSED_BY_THE_API_SERVER) {
    it(title, () => {
      const answer = review(pod);
      assert.deepEqual([answer.allowed, answer.decision, answer.operations], [true, 'skip', []]);
    });
  }

  it('a __proto__ key, which changes nothing but itself', () => {
    const text = JSON.stringify(annotatedPod()).replaceAll('"image"', '"__proto__":{"polluted":1},"image"');
    const answer = review(JSON.parse(text));
    assert.deepEqual(answer.operations, P1);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('an inherited annotation, which does not count', () => {
    const pod = JSON.parse(
      `{"metadata":{"annotations":{"__proto__":{"tokens.osg-htc.org/token":"x"}}},"spec":{"containers":[{"name":"a"}]}}`,
    );
    assert.equal(review(pod).reason, 'NotRequested');
  });

  it('all of which use the directory of the NRP page by default', () => {
    assert.equal(DIRECTORY, '/var/run/secrets/jwt');
  });
});

it('a container has further variables if a list of sources is there, and not empty', () => {
  const hasEnvFrom = (envFrom: unknown): unknown => {
    const read = readContainers({ containers: [container('app', { envFrom })] }, 'containers', new Set());
    return read.ok && read.value[0]?.hasEnvFrom;
  };
  assert.equal(hasEnvFrom([{ configMapRef: { name: 'x' } }]), true);
  for (const none of [[], null, undefined, {}]) assert.equal(hasEnvFrom(none), false);
});
