import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotationsOf, isMirrorPod, readMap, readPodShape } from '../../src/admission/pod-shape.ts';
import { container, type Json } from './pods.ts';

function read(spec: unknown) {
  const shape = readPodShape(spec);
  assert.ok(shape.ok, JSON.stringify(shape));
  return shape.value;
}

const mounts = (...volumeMounts: readonly Json[]): Json => ({
  containers: [container('app', { volumeMounts })],
});

describe('a pod is read with', () => {
  it('its containers in the order in which they start, each with its place', () => {
    const spec = { containers: [container('a'), container('b')], initContainers: [container('i')] };
    assert.deepEqual(
      read(spec).containers.map(({ list, index, name }) => [list, index, name]),
      [
        ['initContainers', 0, 'i'],
        ['containers', 0, 'a'],
        ['containers', 1, 'b'],
      ],
    );
  });

  it('its volumes by name', () => {
    const v = { name: 'v', emptyDir: {} };
    assert.deepEqual([...read({ containers: [container()], volumes: [v] }).volumes], [['v', v]]);
  });

  it('empty lists if they are absent or null', () => {
    for (const none of [undefined, null, []]) {
      const lists = { volumeMounts: none, volumeDevices: none, env: none };
      const spec = {
        containers: [container('app', lists)],
        initContainers: none,
        volumes: none,
        ephemeralContainers: none,
      };
      const { volumes, containers } = read(spec);
      assert.equal(volumes.size, 0);
      assert.deepEqual(containers, [
        { list: 'containers', index: 0, name: 'app', mounts: [], devices: [], env: [], hasEnvFrom: false },
      ]);
    }
  });

  it('mounts with clean paths', () => {
    const cases: readonly (readonly [Json, Json])[] = [
      [{}, { subPath: '', readOnly: false }],
      [{ readOnly: true }, { subPath: '', readOnly: true }],
      [
        { readOnly: 'true', subPath: null },
        { subPath: '', readOnly: false },
      ],
      [{ subPath: 'a//./b/' }, { subPath: 'a/b', readOnly: false }],
      [{ subPath: '$(A)' }, { subPath: '$(A)', readOnly: false }],
      [
        { subPathExpr: 'a/b', subPath: 'c' },
        { subPath: 'a/b', readOnly: false },
      ],
      [
        { subPathExpr: '', subPath: 'c' },
        { subPath: 'c', readOnly: false },
      ],
      [
        { subPathExpr: 7, subPath: 'c' },
        { subPath: 'c', readOnly: false },
      ],
      [
        { subPathExpr: '$(POD)/b', subPath: 'c' },
        { subPath: undefined, readOnly: false },
      ],
    ];
    for (const [given, expected] of cases) {
      const spec = mounts({ name: 'v', mountPath: '/a/../m/', ...given });
      assert.deepEqual(
        read(spec).containers[0]?.mounts,
        [{ volume: 'v', path: '/m', ...expected }],
        JSON.stringify(given),
      );
    }
  });

  it('devices with clean paths', () => {
    const spec = { containers: [container('app', { volumeDevices: [{ name: 'd', devicePath: 'dev//x' }] })] };
    assert.deepEqual(read(spec).containers[0]?.devices, [{ volume: 'd', path: '/dev/x' }]);
  });
});

describe('the fault of a pod that the API server refuses is named:', () => {
  const app = container();
  const odd = 'has mounts, devices or env vars of a wrong shape';
  const faults: readonly (readonly [fault: string, specs: readonly unknown[]])[] = [
    ['the pod has no spec', [undefined, null, 'x', []]],
    [
      'a new pod has ephemeral containers',
      [
        { containers: [app], ephemeralContainers: [app] },
        { containers: [app], ephemeralContainers: 7 },
      ],
    ],
    ['the pod has no containers', [{}, { containers: [] }, { initContainers: [app] }]],
    ['containers is not a list', [{ containers: {} }]],
    ['initContainers is not a list', [{ containers: [app], initContainers: 'x' }]],
    [
      'containers[1] is not an object',
      [{ containers: [app, 7] }, { containers: [app, null] }, { containers: [app, []] }],
    ],
    [
      'containers[0] has no name',
      [{ containers: [{}] }, { containers: [{ name: '' }] }, { containers: [{ name: 7 }] }],
    ],
    [
      'two containers have the same name',
      [{ containers: [app, app] }, { containers: [app], initContainers: [app] }],
    ],
    ['volumes is not a list', [{ containers: [app], volumes: {} }]],
    [
      'a volume has no name',
      [7, {}, { name: '' }, { name: 7 }].map((volume) => ({ containers: [app], volumes: [volume] })),
    ],
    ['two volumes have the same name', [{ containers: [app], volumes: [{ name: 'v' }, { name: 'v' }] }]],
    [
      `containers[0] ${odd}`,
      [
        { volumeMounts: {} },
        { volumeMounts: [7] },
        { volumeMounts: [{ mountPath: '/m' }] },
        { volumeMounts: [{ name: '', mountPath: '/m' }] },
        { volumeMounts: [{ name: 'v' }] },
        { volumeMounts: [{ name: 'v', mountPath: '' }] },
        { volumeMounts: [{ name: 'v', mountPath: '/m' }, null] },
        { volumeDevices: 'x' },
        { volumeDevices: [{ devicePath: '/d' }] },
        { volumeDevices: [{ name: '', devicePath: '/d' }] },
        { volumeDevices: [{ name: 'd' }] },
        { volumeDevices: [{ name: 'd', devicePath: '' }] },
        { env: {} },
        { env: [{ name: 'A' }, 7] },
      ].map((more) => ({ containers: [container('app', more)] })),
    ],
  ];
  for (const [fault, specs] of faults) {
    it(fault, () => {
      for (const spec of specs)
        assert.deepEqual(readPodShape(spec), { ok: false, problem: fault }, JSON.stringify(spec));
    });
  }
});

it('labels and annotations are an object, absent, or wrong', () => {
  assert.deepEqual(readMap({ labels: { a: 'b' } }, 'labels'), { a: 'b' });
  for (const metadata of [undefined, {}, { labels: null }])
    assert.equal(readMap(metadata, 'labels'), undefined);
  for (const labels of ['x', [], 7]) assert.equal(readMap({ labels }, 'labels'), 'wrong');
  assert.deepEqual(annotationsOf({ metadata: { annotations: { a: 'b' } } }), { a: 'b' });
});

it('a pod with the annotation of mirror pods is one, whatever its value is', () => {
  const key = 'kubernetes.io/config.mirror';
  assert.ok(isMirrorPod({ metadata: { annotations: { [key]: '' } } }));
  for (const pod of [{}, { metadata: { annotations: {} } }, { metadata: { labels: { [key]: 'x' } } }])
    assert.ok(!isMirrorPod(pod));
});
