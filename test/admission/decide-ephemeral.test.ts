import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  annotatedPod,
  at,
  container,
  createRequest,
  DIRECTORY,
  ENV,
  injected,
  KEYS,
  MOUNT,
  patched,
  type Json,
  type ReadAnswer,
  reviewPod,
} from './pods.ts';

/** The review of `kubectl debug`: the old pod, and the pod with more ephemeral containers. */
function debug(
  pod: Json,
  added: readonly Json[],
  present: readonly Json[] = [],
  defaultToken?: string,
): ReadAnswer {
  const withContainers = (ephemeralContainers: readonly Json[]): Json => ({
    ...pod,
    spec: { ...Object(pod['spec']), ephemeralContainers },
  });
  const request = createRequest(withContainers([...present, ...added]), {
    operation: 'UPDATE',
    subResource: 'ephemeralcontainers',
    oldObject: withContainers(present),
  });
  return reviewPod(request, defaultToken);
}

const DEBUG = container('debugger');
/** A byte longer than Linux takes. */
const LONG_NAME = 'n'.repeat(256);
const POD = injected(annotatedPod());

function reannotated(pod: Json, annotations: Json): Json {
  return { ...pod, metadata: { annotations } };
}

describe('ephemeral containers of an injected pod', () => {
  it('get mount and variable, and nothing else is changed', () => {
    const answer = debug(POD, [DEBUG]);
    assert.deepEqual(answer.operations, [
      { op: 'add', path: '/spec/ephemeralContainers/0/volumeMounts', value: [MOUNT] },
      { op: 'add', path: '/spec/ephemeralContainers/0/env', value: [ENV] },
    ]);
    assert.deepEqual([answer.allowed, answer.decision, answer.reason], [true, 'inject', 'Injected']);
  });

  it('do not see a file that a mount of a container hides in its volume; mounts of earlier ones hide none', () => {
    const spec = Object(POD['spec']);
    const volumes = [...spec.volumes, { name: 'cache', emptyDir: {} }];
    const hiding = (name: string): Json =>
      container(name, { volumeMounts: [MOUNT, { name: 'cache', mountPath: `${DIRECTORY}/token` }] });
    const pod = (...more: readonly Json[]): Json => ({
      ...POD,
      spec: { ...spec, volumes, containers: [...spec.containers, ...more] },
    });
    const hidden = debug(pod(hiding('side')), [DEBUG]);
    assert.equal(hidden.decision, 'skip');
    assert.deepEqual(hidden.warnings, [
      'container "debugger" cannot see token "my-jwt": in container "side" volume "cache" at /var/run/secrets/jwt/token takes …',
    ]);
    assert.equal(debug(pod(), [DEBUG], [hiding('earlier')]).decision, 'inject');
  });

  it('get the token although another container mounts something at a path that no file can have', () => {
    const spec = Object(POD['spec']);
    const stuck = container('stuck', {
      volumeMounts: [MOUNT, { name: 'cache', mountPath: `${DIRECTORY}/token/${LONG_NAME}` }],
    });
    const pod = { ...POD, spec: { ...spec, containers: [...spec.containers, stuck] } };
    const answer = debug(pod, [DEBUG]);
    assert.deepEqual([answer.reason, answer.warnings], ['Injected', []]);
  });

  it('are injected only when they are new: the others cannot be changed any more', () => {
    const answer = debug(POD, [DEBUG], [container('earlier')]);
    assert.ok(answer.operations.every(({ path }) => path.startsWith('/spec/ephemeralContainers/1/')));
    assert.equal(debug(POD, [], [container('earlier')]).reason, 'NoContainers');
  });

  it('are injected whatever the lists and the mode say', () => {
    const annotations = {
      [KEYS.containers]: 'app',
      [KEYS.skipContainers]: 'debugger',
      [KEYS.fileMode]: 'no mode',
    };
    const pod = reannotated(POD, { [KEYS.token]: 'my-jwt', [KEYS.inject]: 'true', ...annotations });
    const answer = debug(pod, [DEBUG]);
    assert.deepEqual([answer.reason, answer.warnings], ['Injected', []]);
  });

  it('get the namespace’s default, if the pod has its volume', () => {
    const pod = { ...injected({ spec: { containers: [container()] } }, 'ns-jwt') };
    assert.equal(debug(pod, [DEBUG], [], 'ns-jwt').reason, 'Injected');
    const other = debug(pod, [DEBUG], [], 'newer-jwt');
    assert.deepEqual([other.reason, other.warnings, other.operations], ['NotRequested', [], []]);
  });

  it('get the mount path and the variable that the annotations name', () => {
    const annotations = { [KEYS.mountPath]: '/creds', [KEYS.envVar]: 'TOKEN_FILE' };
    const pod = injected(annotatedPod({}, annotations));
    const after = patched(
      { ...pod, spec: { ...Object(pod['spec']), ephemeralContainers: [DEBUG] } },
      debug(pod, [DEBUG]),
    );
    assert.deepEqual(at(after, 'spec', 'ephemeralContainers', 0, 'env'), [
      { name: 'TOKEN_FILE', value: '/creds/token' },
    ]);
  });

  it('get nothing more at a second review', () => {
    const done = container('debugger', { volumeMounts: [MOUNT], env: [ENV] });
    assert.deepEqual([debug(POD, [done]).reason, debug(POD, [done]).operations], ['AlreadyInjected', []]);
  });

  it('are left alone in mirror pods', () => {
    const annotations = { [KEYS.token]: 'my-jwt', 'kubernetes.io/config.mirror': 'x' };
    assert.equal(debug(reannotated(POD, annotations), [DEBUG]).reason, 'NotRequested');
  });

  it('are left alone in pods that opted out', () => {
    assert.equal(
      debug(reannotated(POD, { [KEYS.token]: 'my-jwt', [KEYS.inject]: 'false' }), [DEBUG]).reason,
      'OptedOut',
    );
  });
});

describe('the answer about ephemeral containers has the reason', () => {
  const bare = { spec: { containers: [container()] } };
  const optedOut = reannotated(POD, { [KEYS.token]: 'my-jwt', [KEYS.inject]: 'false' });
  const mirrored = reannotated(POD, { [KEYS.token]: 'my-jwt', 'kubernetes.io/config.mirror': 'x' });
  const done = container('debugger', { volumeMounts: [MOUNT], env: [ENV] });
  const withVolumes = (volumes: unknown): Json => ({ ...POD, spec: { ...Object(POD['spec']), volumes } });
  const two = injected(annotatedPod({}, { [KEYS.token]: 'my-jwt,b' }));
  const cases: readonly (readonly [pod: Json, added: readonly Json[], reason: string, message: string])[] = [
    [POD, [DEBUG], 'Injected', 'my-jwt injected into ephemeral containers'],
    [two, [DEBUG], 'Injected', 'my-jwt, b injected into ephemeral containers'],
    [POD, [done], 'AlreadyInjected', 'nothing to add to ephemeral containers'],
    [POD, [], 'NoContainers', 'no new ephemeral container'],
    [bare, [DEBUG], 'NotRequested', 'no token for ephemeral containers'],
    [optedOut, [DEBUG], 'OptedOut', `annotation ${KEYS.inject} is "false"`],
    [mirrored, [DEBUG], 'NotRequested', 'mirror pods of static pods are never touched'],
    [reannotated(POD, { [KEYS.token]: 7 }), [DEBUG], 'NotRequested', 'left to the API server'],
    [withVolumes(7), [DEBUG], 'NoContainers', 'left to the API server: volumes is not a list'],
    [POD, [{}], 'NoContainers', 'left to the API server: ephemeralContainers[0] has no name'],
  ];
  for (const [pod, added, reason, message] of cases) {
    it(`${reason}: ${message}`, () => {
      const answer = debug(pod, added);
      assert.deepEqual([answer.allowed, answer.reason, answer.message], [true, reason, message]);
    });
  }
});

describe('ephemeral containers get a warning, never a refusal, for', () => {
  const scratch = { volumeMounts: [{ name: 'x', mountPath: DIRECTORY }] };
  const cases: readonly { title: string; pod: Json; added?: Json; reason: string; warning: RegExp }[] = [
    {
      title: 'a token whose volume the pod lacks',
      pod: reannotated(POD, { [KEYS.token]: 'other' }),
      reason: 'InvalidAnnotation',
      warning: /do not get "other": the pod has no volume with it/,
    },
    {
      title: 'an annotation edited into an invalid name',
      pod: reannotated(POD, { [KEYS.token]: 'No_Name' }),
      reason: 'InvalidAnnotation',
      warning: /"No_Name" is not a valid token name/,
    },
    {
      title: 'an annotation edited into an invalid mount path',
      pod: reannotated(POD, { [KEYS.token]: 'my-jwt', [KEYS.mountPath]: '..' }),
      reason: 'InvalidAnnotation',
      warning: /mount-path: "\.\." is not absolute/,
    },
    {
      title: 'a mount path that is taken in the ephemeral container',
      pod: POD,
      added: container('debugger', scratch),
      reason: 'MountPathTaken',
      warning: /mount path \/var\/run\/secrets\/jwt is taken by volume "x"/,
    },
  ];
  for (const { title, pod, added = DEBUG, reason, warning } of cases) {
    it(title, () => {
      const answer = debug(pod, [added]);
      assert.deepEqual([answer.allowed, answer.decision, answer.reason], [true, 'skip', reason]);
      assert.match(answer.warnings.join('\n'), warning);
      assert.deepEqual(answer.operations, []);
    });
  }

  it('one of two tokens, and still get the other', () => {
    const answer = debug(reannotated(POD, { [KEYS.token]: 'No_Name,my-jwt' }), [DEBUG]);
    assert.equal(answer.reason, 'Injected');
    assert.equal(answer.warnings.length, 1);
    const value = [{ ...MOUNT, mountPath: `${DIRECTORY}-my-jwt` }];
    assert.deepEqual(answer.operations, [
      { op: 'add', path: '/spec/ephemeralContainers/0/volumeMounts', value },
    ]);
  });

  it('a mount or device at a path that no file can have, and the other containers still get the token', () => {
    const mounting = container('m', { volumeMounts: [{ name: 'x', mountPath: `/${LONG_NAME}` }] });
    const device = container('d', { volumeDevices: [{ name: 'x', devicePath: `/${LONG_NAME}` }] });
    const answer = debug(POD, [mounting, DEBUG, device]);
    assert.equal(answer.reason, 'Injected');
    assert.ok(answer.operations.every(({ path }) => path.startsWith('/spec/ephemeralContainers/1/')));
    assert.match(
      answer.warnings.join('\n'),
      /^container "m": a mount path has a part of 256 bytes.*\ncontainer "d": a device path has a part of 256 bytes/,
    );
    const alone = debug(POD, [mounting]);
    assert.deepEqual([alone.allowed, alone.reason, alone.operations], [true, 'TooLarge', []]);
  });

  it('a read-only parent, in which the directory may be missing', () => {
    const volumes = [...Object.values(Object(at(POD, 'spec', 'volumes'))), { name: 'data', emptyDir: {} }];
    const pod = { ...POD, spec: { ...Object(POD['spec']), volumes } };
    const parent = { name: 'data', mountPath: '/var/run', readOnly: true };
    const answer = debug(pod, [container('debugger', { volumeMounts: [parent] })]);
    assert.equal(answer.reason, 'Injected');
    assert.match(
      answer.warnings.join(),
      /"debugger": \/var\/run is read-only, .*secrets\/jwt may be missing/,
    );
  });

  it('an invalid inject, which costs nothing', () => {
    const answer = debug(reannotated(POD, { [KEYS.token]: 'my-jwt', [KEYS.inject]: 'maybe' }), [DEBUG]);
    assert.equal(answer.reason, 'Injected');
    assert.deepEqual(answer.warnings, [`annotation ${KEYS.inject} is "maybe"`]);
  });

  it('more tokens than a pod may have', () => {
    const names = Array.from({ length: 33 }, (_, index) => `t${index}`);
    const answer = debug(reannotated(POD, { [KEYS.token]: ['my-jwt', ...names].join() }), [DEBUG]);
    assert.equal(answer.reason, 'Injected');
    assert.match(answer.warnings.join(), /names 34 tokens/);
  });

  it('a mount that would hide another token, which is not added', () => {
    const own = { name: 'own', secret: { secretName: 'b', items: [{ key: 'token', path: 'jwt/token' }] } };
    const volumes = [...Object.values(Object(at(POD, 'spec', 'volumes'))), own];
    const pod = reannotated(
      { ...POD, spec: { ...Object(POD['spec']), volumes } },
      { [KEYS.token]: 'my-jwt,b' },
    );
    const mounting = container('debugger', {
      volumeMounts: [{ name: 'own', mountPath: '/var/run/secrets' }],
    });
    const answer = debug(pod, [mounting]);
    assert.deepEqual([answer.allowed, answer.operations, answer.reason], [true, [], 'MountPathTaken']);
  });

  it('a bad variable name, and still get the mount', () => {
    const answer = debug(reannotated(POD, { [KEYS.token]: 'my-jwt', [KEYS.envVar]: '1' }), [DEBUG]);
    assert.deepEqual(
      answer.operations.map(({ path }) => path),
      ['/spec/ephemeralContainers/0/volumeMounts'],
    );
    assert.match(answer.warnings.join(), /env-var: "1" is not a valid name of/);
  });

  it('nothing in a pod without a spec, which the API server refuses', () => {
    const pod = annotatedPod();
    const request = createRequest(
      { metadata: pod['metadata'] },
      { operation: 'UPDATE', subResource: 'ephemeralcontainers', oldObject: pod },
    );
    const { allowed, reason, warnings } = reviewPod(request, undefined);
    assert.deepEqual([allowed, reason, warnings], [true, 'NotRequested', []]);
  });

  it('nothing in shapes that the API server refuses', () => {
    for (const added of [{}, container('debugger', { env: 7 })]) {
      const answer = debug(POD, [added]);
      assert.deepEqual([answer.allowed, answer.operations, answer.warnings], [true, [], []]);
    }
  });
});
