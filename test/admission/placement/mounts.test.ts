import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCover, hides, visibleFiles } from '../../../src/admission/placement/mounts.ts';
import { mount, shape } from '../shapes.ts';

const VOLUMES = new Map([
  ['token', ['token']],
  ['deep', ['a/b/token']],
  ['twice', ['a/one', 'b/two']],
]);

describe('a mount shows the token file', () => {
  const cases: Readonly<
    Record<string, readonly [volume: string, subPath: string | undefined, ...files: readonly string[]]>
  > = {
    'of the whole volume': ['token', '', '/m/token'],
    'of the whole volume, in its directory there': ['deep', '', '/m/a/b/token'],
    'by a subPath that is the file': ['deep', 'a/b/token', '/m'],
    'by a subPath of its directory': ['deep', 'a/b', '/m/token'],
    'by a subPath of the directory above': ['deep', 'a', '/m/b/token'],
    'not by a subPath of another directory': ['deep', 'b'],
    'not by a subPath that only begins alike': ['deep', 'a/bb'],
    'not by a subPath that only the kubelet knows': ['token', undefined],
    'not of another volume': ['other', ''],
    'at each of its paths': ['twice', '', '/m/a/one', '/m/b/two'],
    'at the path of the subPath': ['twice', 'b', '/m/two'],
    'by a subPath that is its second file': ['twice', 'b/two', '/m'],
  };
  for (const [title, [volume, subPath, ...files]] of Object.entries(cases))
    it(title, () => assert.deepEqual(visibleFiles(mount(volume, '/m', { subPath }), VOLUMES), files));

  it('that is at the root of the container', () =>
    assert.deepEqual(visibleFiles(mount('token', '/'), VOLUMES), ['/token']));
});

describe('a token file is hidden', () => {
  const own = mount('token', '/m/d');
  const shown = { mount: own, file: '/m/d/token' };
  const cases: Readonly<Record<string, readonly [hidden: boolean, other: ReturnType<typeof mount>]>> = {
    'by a mount at its directory': [true, mount('other', '/m/d')],
    'by a mount at itself': [true, mount('other', '/m/d/token')],
    'not by a mount of the directory above, which is mounted before': [false, mount('other', '/m')],
    'not by a mount beside it': [false, mount('other', '/m/d/x')],
    'by a mount below it, for which it would have to be a directory': [true, mount('other', '/m/d/token/x')],
    'by a mount of the token below it': [true, mount('token', '/m/d/token/x')],
    'not by a mount that shows the same token there': [false, mount('token', '/m/d', { subPath: '' })],
    'by a mount of the token that shows it elsewhere': [true, mount('deep', '/m/d')],
  };
  for (const [title, [hidden, other]] of Object.entries(cases)) {
    it(title, () => {
      assert.equal(hides(other, shown, VOLUMES), hidden);
      assert.equal(findCover(shape([own, other]), shown, VOLUMES), hidden ? other : undefined);
    });
  }

  it('with everything that the volume has in that directory, as the kubelet makes the directory for a mount', () => {
    const deep = { mount: mount('deep', '/m'), file: '/m/a/b/token' };
    const root = { mount: mount('deep', '/'), file: '/a/b/token' };
    const part = { mount: mount('deep', '/m', { subPath: 'a' }), file: '/m/b/token' };
    for (const [path, file, hidden] of [
      ['/m/a/x', deep, true],
      ['/m/a/b/x', deep, true],
      ['/m/x', deep, false],
      ['/m/aa/x', deep, false],
      ['/a/x', root, false],
      ['/a/b/token/x', root, true],
      ['/m/b/x', part, false],
    ] as const) {
      assert.equal(hides(mount('other', path), file, VOLUMES), hidden, path);
    }
  });

  it('unless the mount shows the token there, as one of its files', () => {
    const second = { mount: mount('twice', '/m'), file: '/m/b/two' };
    assert.equal(hides(mount('twice', '/m/b', { subPath: 'b' }), second, VOLUMES), false);
    assert.equal(hides(mount('twice', '/m/b', { subPath: 'a' }), second, VOLUMES), true);
  });

  it('if it is below a device, or a device is below it', () => {
    for (const [path, hidden] of [
      ['/m/d', true],
      ['/m/d/token', true],
      ['/m/d/token/x', true],
      ['/m', true],
      ['/m/d/x', false],
      ['/m/d/toke', false],
      ['/x', false],
    ] as const) {
      const device = { volume: 'disk', path };
      assert.equal(findCover(shape([own], [device]), shown, VOLUMES), hidden ? device : undefined, path);
    }
  });

  it('but never by its own mount', () => {
    const elsewhere = { mount: mount('other', '/m/d'), file: '/m/d/token' };
    assert.equal(findCover(shape([elsewhere.mount]), elsewhere, VOLUMES), undefined);
  });
});
