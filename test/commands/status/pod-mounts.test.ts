import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPodMounts } from '../../../src/commands/status/pod-mounts.ts';
import { at, wirePod } from './status-pods.ts';

const token = (more: object = {}) => ({ name: 'token', mountPath: '/run/token', ...more });
const projected = (...sources: readonly object[]) => [{ name: 'token', projected: { sources } }];
const secret = (name: string, ...items: readonly object[]) => ({ secret: { name, items } });

describe('the Secrets that a pod mounts:', () => {
  for (const [title, pod, refreshed, fixed] of [
    ['the directory', wirePod(), true, []],
    [
      'the file by subPath',
      wirePod({ mounts: [token({ mountPath: '/token', subPath: 'token' })] }),
      false,
      ['main'],
    ],
    [
      'both, in one container',
      wirePod({ mounts: [token(), token({ mountPath: '/token', subPath: 'token' })] }),
      true,
      ['main'],
    ],
    [
      'by an expression that only the kubelet can resolve',
      wirePod({ mounts: [token({ subPathExpr: '$(NAME)' })] }),
      false,
      ['main'],
    ],
    [
      'an item under another name',
      wirePod({
        volumes: [
          { name: 'token', secret: { secretName: 'my-jwt', items: [{ key: 'token', path: 'a/b' }] } },
        ],
        mounts: [token({ subPath: 'a' })],
      }),
      false,
      ['main'],
    ],
    ['projected', wirePod({ volumes: projected(secret('my-jwt')) }), true, []],
    [
      'in an init container',
      wirePod({ mounts: [], more: { initContainers: [{ name: 'first', volumeMounts: [token()] }] } }),
      true,
      [],
    ],
    [
      'in a container that debugs',
      wirePod({ mounts: [], more: { ephemeralContainers: [{ name: 'debug', volumeMounts: [token()] }] } }),
      true,
      [],
    ],
  ] as const) {
    it(title, () => {
      const mounts = readPodMounts(pod)?.secrets.get('my-jwt');
      assert.deepEqual(
        [mounts?.isRefreshed, mounts?.fixed.map(({ container }) => container)],
        [refreshed, fixed],
      );
    });
  }

  it('the start of pod and container is known', () => {
    const mounts = [token({ mountPath: '/token', subPath: 'token' })];
    const pod = readPodMounts(wirePod({ mounts, started: '10:00:00', containerStarted: '10:05:00' }));
    assert.equal(pod?.startedAt, at('10:00:00'));
    assert.deepEqual(pod.secrets.get('my-jwt')?.fixed, [{ container: 'main', startedAt: at('10:05:00') }]);
  });

  it('the files to read are known: one that is refreshed, and all that are not', () => {
    const mounts = [token(), token({ mountPath: '/a', subPath: 'token' })];
    const second = { name: 'second', volumeMounts: [token({ mountPath: '/b' })] };
    const spec = { containers: [{ name: 'main', volumeMounts: mounts }, second] };
    const files = (pod: object) => readPodMounts({ ...pod })?.secrets.get('my-jwt')?.files;
    assert.deepEqual(files(wirePod({ more: spec })), [
      { container: 'main', path: '/run/token/token' },
      { container: 'main', path: '/a' },
    ]);
    assert.deepEqual(files({ ...wirePod({ more: spec }), status: { phase: 'Running' } }), [], 'none runs');
  });

  it('several Secrets of one pod are distinguished', () => {
    const pod = readPodMounts(
      wirePod({
        volumes: [
          ...projected(secret('a', { key: 'token', path: 'a' }), secret('b', { key: 'token', path: 'b' })),
          { name: 'other', secret: { secretName: 'c' } },
        ],
        mounts: [token(), { name: 'other', mountPath: '/c', subPath: 'token' }],
      }),
    );
    const found = [...(pod?.secrets ?? [])].map(([name, { isRefreshed }]) => `${name} ${isRefreshed}`);
    assert.deepEqual(found.toSorted(), ['a true', 'b true', 'c false']);
  });

  for (const [title, pod] of [
    ['that mounts no volume', wirePod({ mounts: [] })],
    ['with a subPath beside the token', wirePod({ mounts: [token({ subPath: 'other' })] })],
    [
      'with another key of the Secret alone',
      wirePod({
        volumes: [{ name: 'token', secret: { secretName: 'x', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }],
      }),
    ],
    ['with other volumes', wirePod({ volumes: [{ name: 'token', emptyDir: {} }] })],
    ['that has succeeded', wirePod({ phase: 'Succeeded' })],
    ['that has failed', wirePod({ phase: 'Failed' })],
    ['without a spec', { metadata: { name: 'x' } }],
    ['of a wrong shape', { metadata: { name: 'x' }, spec: { volumes: 'no', containers: [7] } }],
    ['whose containers are of a wrong shape', { spec: { volumes: wirePod().spec.volumes, containers: [7] } }],
  ] as const) {
    it(`nothing is kept of a pod ${title}`, () => assert.equal(readPodMounts(pod), undefined));
  }
});
