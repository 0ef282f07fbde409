import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { placeTokens, wantToken, type Placement, type WantedToken } from '../../src/admission/placement.ts';
import { mount, shape } from './shapes.ts';

const KEY = 'tokens.osg-htc.org/mount-path';

/** A token under its own name in a volume of its own, to be mounted at `path`. */
function wanted(name: string, path: string, file = 'token'): WantedToken {
  return wantToken(name, path, `jwt-${name}`, new Map([[`jwt-${name}`, file]]));
}

/** How each token is placed; a refusal by its message. */
function outcomes(placements: readonly Placement[]): readonly unknown[] {
  return placements.map((placement) => {
    if (placement.how !== 'blocked')
      return placement.how === 'mount' ? placement.mounts[0].mountPath : placement.files;
    const { reason, what, remedy } = placement.denial;
    return `${reason}: ${what}: ${remedy}`;
  });
}

const A = wanted('a', '/a');
const elsewhere = (volume: string): string =>
  `set annotation ${KEY} to another directory, or mount "${volume}" elsewhere`;

describe('one token in a container', () => {
  it('is mounted where it is wanted', () => {
    assert.deepEqual(placeTokens(shape([]), [A]), [
      { how: 'mount', files: ['/a/token'], mounts: [{ name: 'jwt-a', mountPath: '/a', readOnly: true }] },
    ]);
  });

  it('is mounted with the file that its volume shows', () => {
    const [placement] = placeTokens(shape([]), [wanted('a', '/a', 'sub/token')]);
    assert.deepEqual(placement?.how !== 'blocked' && placement?.files, ['/a/sub/token']);
  });

  it('is used where it is mounted already, the mounts that refresh first', () => {
    const mounts = [
      mount('jwt-a', '/file', { subPath: 'token' }),
      mount('jwt-a', '/x'),
      mount('jwt-a', '/y'),
      mount('jwt-a', '/x'),
    ];
    assert.deepEqual(placeTokens(shape(mounts), [A]), [
      { how: 'mounted', files: ['/x/token', '/y/token', '/file'], refreshes: true },
    ]);
    assert.deepEqual(placeTokens(shape(mounts.slice(0, 1)), [A]), [
      { how: 'mounted', files: ['/file'], refreshes: false },
    ]);
  });

  it('is used where it is seen, although another mount of it is hidden', () => {
    const mounts = [mount('jwt-a', '/x'), mount('data', '/x/token'), mount('jwt-a', '/y')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A])), [['/y/token']]);
  });

  it('is looked for in its first eight mounts', () => {
    const covered = Array.from({ length: 8 }, (_, index) => [
      mount('jwt-a', `/x${index}`),
      mount('data', `/x${index}/token`),
    ]).flat();
    assert.deepEqual(outcomes(placeTokens(shape([...covered.slice(2), mount('jwt-a', '/y')]), [A])), [
      ['/y/token'],
    ]);
    assert.deepEqual(outcomes(placeTokens(shape([...covered, mount('jwt-a', '/y')]), [A])), [
      `MountPathTaken: container "app": volume "data" at /x0/token hides the token file /x0/token: ${elsewhere('data')}`,
    ]);
  });

  const device = { volume: 'disk', path: '/a' };
  const blocked: Readonly<Record<string, readonly [ReturnType<typeof shape>, WantedToken, string]>> = {
    'a volume at its directory': [
      shape([mount('data', '/a')]),
      A,
      `MountPathTaken: container "app": mount path /a is taken by volume "data": ${elsewhere('data')}`,
    ],
    'its own volume there, by a subPath that hides it': [
      shape([mount('jwt-a', '/a', { subPath: 'x' })]),
      A,
      `MountPathTaken: container "app": mount path /a is taken by volume "jwt-a" (by subPath): ${elsewhere('jwt-a')}`,
    ],
    'a device at its directory': [
      shape([], [device]),
      A,
      `MountPathTaken: container "app": mount path /a is taken by device "disk": ${elsewhere('disk')}`,
    ],
    'a volume at its file': [
      shape([mount('data', '/a/token')]),
      A,
      `MountPathTaken: container "app": volume "data" at /a/token hides the token file /a/token: ${elsewhere('data')}`,
    ],
    'the length of its path': [
      shape([]),
      wanted('a', `/${'a/'.repeat(2_044)}a`),
      `TooLarge: container "app": mount path /${'a/'.repeat(49)}… has 4096 bytes: use a path of at most 4095 bytes, in parts of at most 255`,
    ],
    'the length of one of the paths at which it is mounted': [
      shape([mount('jwt-a', '/x'), mount('jwt-a', `/${'p'.repeat(256)}`)]),
      A,
      'TooLarge: container "app": the path of the token file has a part of 256 bytes: use a path of at most 4095 bytes, in parts of at most 255',
    ],
    'the length of the path at which it is mounted': [
      shape([mount('jwt-a', `/${'p'.repeat(256)}`)]),
      A,
      'TooLarge: container "app": the path of the token file has a part of 256 bytes: use a path of at most 4095 bytes, in parts of at most 255',
    ],
  };
  for (const [title, [container, token, message]] of Object.entries(blocked))
    it(`is blocked by ${title}`, () =>
      assert.deepEqual(outcomes(placeTokens(container, [token])), [message]));
});

describe('several tokens in a container', () => {
  it('are placed independently', () => {
    const tokens = [A, wanted('b', '/b'), wanted('c', '/c')];
    const mounts = [mount('jwt-b', '/x'), mount('data', '/c')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), tokens)), [
      '/a',
      ['/x/token'],
      `MountPathTaken: container "app": mount path /c is taken by volume "data": ${elsewhere('data')}`,
    ]);
  });

  it('are refused with the file that another mount hides', () => {
    const mounts = [mount('jwt-b', '/x'), mount('data', '/x/token')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A, wanted('b', '/b')])), [
      '/a',
      `MountPathTaken: container "app": volume "data" at /x/token hides the token file /x/token: ${elsewhere('data')}`,
    ]);
  });

  it('use what a new mount of another leaves to be seen', () => {
    const b = wanted('b', '/b', 'a/token');
    const mounts = [mount('jwt-b', '/'), mount('jwt-b', '/x')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A, b])), ['/a', ['/x/a/token']]);
  });

  it('are blocked where a new mount of another leaves nothing to be seen', () => {
    const b = wanted('b', '/b', 'a/token');
    assert.deepEqual(outcomes(placeTokens(shape([mount('jwt-b', '/')]), [A, b])), [
      `MountPathTaken: container "app": volume "jwt-a" at /a hides the token file /a/token: ${elsewhere('jwt-a')}`,
      ['/a/token'],
    ]);
  });

  it('see one another where the new mount of one shows the other at the same path', () => {
    const a = wantToken('a', '/a', 'both', new Map([['both', 'a']]));
    const b = wantToken(
      'b',
      '/b',
      'own',
      new Map([
        ['own', 'a/b'],
        ['both', 'b'],
      ]),
    );
    assert.deepEqual(outcomes(placeTokens(shape([mount('own', '/')]), [a, b])), ['/a', ['/a/b']]);
  });

  it('are refused with what blocks each, not with what it would hide if it were mounted', () => {
    const b = wanted('b', '/b', 'a/other');
    const mounts = [mount('jwt-b', '/'), mount('data', '/a/token')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A, b])), [
      `MountPathTaken: container "app": volume "data" at /a/token hides the token file /a/token: ${elsewhere('data')}`,
      ['/a/other'],
    ]);
  });
});
