import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MountPoints } from '../../../src/admission/placement/mount-points.ts';
import { mount, shape } from '../shapes.ts';

const POINTS = new MountPoints(
  new Map(
    Object.entries({
      disk: { hostPath: { path: '/' } },
      secret: { secret: {} },
      configMap: { configMap: {} },
      projected: { projected: {} },
      downwardAPI: { downwardAPI: {} },
      image: { image: {} },
      readOnlyDisk: { csi: { readOnly: true } },
      writableDisk: { csi: { readOnly: false } },
    }),
  ),
);
const READ_ONLY = { readOnly: true };

describe('a directory to mount at', () => {
  const cases: Readonly<Record<string, readonly [isMade: boolean, parent: ReturnType<typeof mount>]>> = {
    'is made in a volume that is mounted writable': [true, mount('disk', '/a')],
    'is not made in one that is mounted read-only': [false, mount('disk', '/a', READ_ONLY)],
    'is not made in one that is read-only itself': [false, mount('readOnlyDisk', '/a')],
    'is made in one that is writable itself': [true, mount('writableDisk', '/a')],
    'is not made in an image': [false, mount('image', '/a')],
    'may be made in a volume that is not known': [true, mount('nobody', '/a', READ_ONLY)],
    'may be made in a part of such a volume': [true, mount('nobody', '/a', { subPath: 'dir' })],
    'may be missing in the root of a read-only mount': [false, mount('disk', '/', READ_ONLY)],
  };
  for (const [title, [isMade, parent]] of Object.entries(cases)) {
    it(title, () => {
      const found = POINTS.findReadOnlyParent(shape([parent]), '/a/b');
      assert.equal(found, isMade ? undefined : parent);
      assert.equal(POINTS.findReadOnlyParent(shape([parent]), '/a/b'), found, 'the same when asked again');
    });
  }

  it('is made by the kubelet in volumes that it writes itself, read-only or not', () => {
    for (const volume of ['secret', 'configMap', 'projected', 'downwardAPI'])
      for (const readOnly of [true, false])
        assert.equal(
          POINTS.findReadOnlyParent(shape([mount(volume, '/a', { readOnly })]), '/a/b'),
          undefined,
        );
  });

  it('is made by the kubelet only in the root of the volume, so not if a subPath is mounted', () => {
    for (const volume of ['secret', 'configMap', 'projected', 'downwardAPI'])
      for (const subPath of ['dir', undefined]) {
        const parent = mount(volume, '/a', { subPath });
        assert.equal(POINTS.findReadOnlyParent(shape([parent]), '/a/b'), parent);
      }
    assert.equal(
      POINTS.findReadOnlyParent(shape([mount('disk', '/a', { subPath: 'dir' })]), '/a/b'),
      undefined,
    );
  });

  it('is searched for only in the nearest parent; of two at the same path, in the later one', () => {
    const [far, near] = [mount('disk', '/a', READ_ONLY), mount('disk', '/a/b')];
    for (const mounts of [
      [far, near],
      [near, far],
    ])
      assert.equal(POINTS.findReadOnlyParent(shape(mounts), '/a/b/c'), undefined);
    const again = mount('disk', '/a/b', READ_ONLY);
    assert.equal(POINTS.findReadOnlyParent(shape([near, again]), '/a/b/c'), again);
    assert.equal(POINTS.findReadOnlyParent(shape([again, near]), '/a/b/c'), undefined);
  });

  it('is only needed below a mount', () => {
    const others = [
      mount('disk', '/a/b', READ_ONLY),
      mount('disk', '/a/bb', READ_ONLY),
      mount('disk', '/a/b/c', READ_ONLY),
    ];
    assert.equal(POINTS.findReadOnlyParent(shape(others), '/a/b'), undefined);
    assert.equal(POINTS.findReadOnlyParent(shape([]), '/a/b'), undefined);
  });
});
