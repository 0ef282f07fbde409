import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readMountedSecrets } from '../../src/delivery/mounted-secrets.ts';

const VOLUME = { name: 'token', secret: { secretName: 'my-jwt' } };
const MOUNT = { name: 'token', mountPath: '/run/token' };

interface MadePod {
  readonly metadata?: object;
  readonly volumes?: readonly object[];
  readonly mounts?: readonly object[];
  readonly spec?: object;
  readonly phase?: string;
}

/** A pod on a node whose only container mounts Secret my-jwt, with the given changes. */
function pod({ metadata = {}, volumes = [VOLUME], mounts = [MOUNT], spec = {}, phase = 'Running' }: MadePod) {
  return {
    metadata: { name: 'web', namespace: 'science', ...metadata },
    spec: { nodeName: 'n1', volumes, containers: [{ name: 'main', volumeMounts: mounts }], ...spec },
    status: { phase },
  };
}

const second = { name: 'second', secret: { secretName: 'other', items: [{ key: 'token', path: 'a' }] } };

describe('the Secrets after whose renewal a pod is nudged:', () => {
  const container = (mounts: readonly object[]) => [{ name: 'side', volumeMounts: mounts }];
  for (const [title, made, expected] of [
    ['one that a container mounts as a directory', {}, ['my-jwt']],
    ['one of a native sidecar', { mounts: [], spec: { initContainers: container([MOUNT]) } }, ['my-jwt']],
    [
      'one of a debug container',
      { mounts: [], spec: { ephemeralContainers: container([MOUNT]) } },
      ['my-jwt'],
    ],
    [
      'of a pod that waits for its containers: an init container may read it',
      { phase: 'Pending' },
      ['my-jwt'],
    ],
    [
      'several',
      { volumes: [VOLUME, second], mounts: [MOUNT, { name: 'second', mountPath: '/b' }] },
      ['my-jwt', 'other'],
    ],
    [
      'those of a projected volume',
      {
        volumes: [
          {
            name: 'token',
            projected: {
              sources: [
                { secret: { name: 'a', items: [{ key: 'token', path: 'a' }] } },
                { secret: { name: 'b', items: [{ key: 'token', path: 'b' }] } },
                { serviceAccountToken: { path: 'c' } },
              ],
            },
          },
        ],
      },
      ['a', 'b'],
    ],
    [
      'none of a volume that does not show the token',
      { volumes: [{ name: 'token', secret: { secretName: 'tls', items: [{ key: 'tls.crt', path: 'a' }] } }] },
      [],
    ],
    ['none that nobody mounts', { mounts: [] }, []],
    ['none by subPath, which the kubelet never replaces', { mounts: [{ ...MOUNT, subPath: 'token' }] }, []],
    ['none of a pod without a node', { spec: { nodeName: undefined } }, []],
    ['none of a pod that has ended', { phase: 'Succeeded' }, []],
    ['none of a pod that is being deleted', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }, []],
    [
      'none of a pod with a thousand annotations, which the policy does not let be nudged',
      {
        metadata: { annotations: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`a${i}`, ''])) },
      },
      [],
    ],
    ['none of a pod of a wrong shape', { spec: { volumes: 'all' } }, []],
  ] as const satisfies readonly (readonly [string, MadePod, readonly string[]])[]) {
    it(title, () => {
      assert.deepEqual(readMountedSecrets(pod(made)), expected);
    });
  }

  it('the first 64 of a pod with more', () => {
    const volumes = Array.from({ length: 100 }, (_, i) => ({
      name: `v${i}`,
      secret: { secretName: `s${i}` },
    }));
    const mounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    assert.deepEqual(
      readMountedSecrets(pod({ volumes, mounts })),
      Array.from({ length: 64 }, (_, i) => `s${i}`),
    );
  });

  it('none of an object that is not a pod', () => {
    for (const object of [{}, { spec: null }, { metadata: 1, spec: {}, status: [] }])
      assert.deepEqual(readMountedSecrets(object), []);
  });
});
