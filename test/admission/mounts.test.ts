import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCover, hides, visibleFile } from '../../src/admission/mounts.ts';
import { mount, shape } from './shapes.ts';

const VOLUMES = new Map([
  ['token', 'token'],
  ['deep', 'a/b/token'],
]);

describe('a mount shows the token file', () => {
  const cases: Readonly<
    Record<string, readonly [volume: string, subPath: string | undefined, file: string | undefined]>
  > = {
    'of the whole volume': ['token', '', '/m/token'],
    'of the whole volume, in its directory there': ['deep', '', '/m/a/b/token'],
    'by a subPath that is the file': ['deep', 'a/b/token', '/m'],
    'by a subPath of its directory': ['deep', 'a/b', '/m/token'],
    'by a subPath of the directory above': ['deep', 'a', '/m/b/token'],
    'not by a subPath of another directory': ['deep', 'b', undefined],
    'not by a subPath that only begins alike': ['deep', 'a/bb', undefined],
    'not by a subPath that only the kubelet knows': ['token', undefined, undefined],
    'not of another volume': ['other', '', undefined],
  };
  for (const [title, [volume, subPath, file]] of Object.entries(cases))
    it(title, () => assert.equal(visibleFile(mount(volume, '/m', { subPath }), VOLUMES), file));

  it('that is at the root of the container', () =>
    assert.equal(visibleFile(mount('token', '/'), VOLUMES), '/token'));
});

describe('a token file is hidden', () => {
  const own = mount('token', '/m/d');
  const shown = { mount: own, file: '/m/d/token' };
  const cases: Readonly<Record<string, readonly [hidden: boolean, other: ReturnType<typeof mount>]>> = {
    'by a mount at its directory': [true, mount('other', '/m/d')],
    'by a mount at itself': [true, mount('other', '/m/d/token')],
    'not by a mount of the directory above, which is mounted before': [false, mount('other', '/m')],
    'not by a mount beside it': [false, mount('other', '/m/d/x')],
    'not by a mount below it': [false, mount('other', '/m/d/token/x')],
    'not by a mount that shows the same token there': [false, mount('token', '/m/d', { subPath: '' })],
    'by a mount of the token that shows it elsewhere': [true, mount('deep', '/m/d')],
  };
  for (const [title, [hidden, other]] of Object.entries(cases)) {
    it(title, () => {
      assert.equal(hides(other, shown, VOLUMES), hidden);
      assert.equal(findCover(shape([own, other]), shown, VOLUMES), hidden ? other : undefined);
    });
  }

  it('when it is behind a device, wherever its mounts are', () => {
    for (const [path, hidden] of [
      ['/m/d', true],
      ['/m/d/token', true],
      ['/m', false],
      ['/x', false],
    ] as const) {
      const device = { volume: 'disk', path };
      assert.equal(findCover(shape([own], [device]), shown, VOLUMES), hidden ? device : undefined, path);
    }
  });

  it('but never by the mount that shows it', () => {
    const elsewhere = { mount: mount('other', '/m/d'), file: '/m/d/token' };
    assert.equal(findCover(shape([elsewhere.mount]), elsewhere, VOLUMES), undefined);
  });
});
