import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { placeTokens, type Placement } from '../../../src/admission/placement/placement.ts';
import { wantToken, type WantedToken } from '../../../src/admission/placement/wanted-token.ts';
import { mount, NOTHING_NESTED, shape } from '../shapes.ts';

const KEY = 'tokens.osg-htc.org/mount-path';

/** A token under its own name in a volume of its own, to be mounted at `path`. */
function wanted(name: string, path: string, ...files: readonly string[]): WantedToken {
  const shown = files.length === 0 ? ['token'] : files;
  const volume = `jwt-${name}`;
  return wantToken({ name, mountPath: path, volumes: new Map([[volume, shown]]) }, NOTHING_NESTED);
}

/** The placement of each token, or the message of a refusal. */
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
  it('is mounted at the wanted path', () => {
    assert.deepEqual(placeTokens(shape([]), [A]), [
      { how: 'mount', files: ['/a/token'], mounts: [{ name: 'jwt-a', mountPath: '/a', readOnly: true }] },
    ]);
  });

  it('is mounted with the file in its volume', () => {
    const [placement] = placeTokens(shape([]), [wanted('a', '/a', 'sub/token')]);
    assert.deepEqual(placement?.how !== 'blocked' && placement?.files, ['/a/sub/token']);
  });

  it('is used at an existing mount; mounts that refresh are preferred', () => {
    const mounts = [
      mount('jwt-a', '/file', { subPath: 'token' }),
      mount('jwt-a', '/x'),
      mount('jwt-a', '/y'),
    ];
    assert.deepEqual(placeTokens(shape(mounts), [A]), [
      { how: 'mounted', files: ['/x/token', '/y/token', '/file'], refreshes: true },
    ]);
    assert.deepEqual(placeTokens(shape(mounts.slice(0, 1)), [A]), [
      { how: 'mounted', files: ['/file'], refreshes: false },
    ]);
  });

  it('is used where it is visible, although another mount of it is hidden', () => {
    const mounts = [mount('jwt-a', '/x'), mount('data', '/x/token'), mount('jwt-a', '/y')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A])), [['/y/token']]);
  });

  it('is mounted with the first of several files in its volume', () => {
    const [placement] = placeTokens(shape([]), [wanted('a', '/a', 'one', 'two')]);
    assert.deepEqual(placement?.how !== 'blocked' && placement?.files, ['/a/one']);
  });

  it('is visible at the other files of its new mount, if the variable names one and nothing hides it', () => {
    const token = wanted('a', '/a', 'one', 'two');
    const cases = [
      ['/a/two', [], ['/a/one', '/a/two']],
      ['/a/one', [], ['/a/one']],
      ['/a/three', [], ['/a/one']],
      ['/a/two', [mount('data', '/a/two')], ['/a/one']],
    ] as const;
    for (const [named, mounts, files] of cases) {
      for (const tokens of [[token], [token, wanted('b', '/b')]]) {
        const [placement] = placeTokens(shape(mounts), tokens, named);
        assert.deepEqual(placement?.how === 'mount' && placement.files, files);
      }
    }
  });

  it('is used at each path where it is visible', () => {
    const mounts = [mount('jwt-a', '/x'), mount('jwt-a', '/y', { subPath: 'b' }), mount('data', '/x/a')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [wanted('a', '/a', 'a/one', 'b/two')])), [
      ['/x/b/two', '/y/two'],
    ]);
  });

  it('is visible at the path in the variable, for any number of mounts before it', () => {
    const mounts = Array.from({ length: 100 }, (_, index) => mount('jwt-a', `/x${index}`));
    for (const tokens of [[A], [A, wanted('b', '/b')]]) {
      const [placement] = placeTokens(shape(mounts), tokens, '/x99/token');
      const files = placement?.how === 'mounted' ? placement.files : [];
      assert.deepEqual([files.length, files[0], files.at(-1)], [9, '/x0/token', '/x99/token']);
    }
  });

  it('is not visible if the path in the variable is hidden', () => {
    const mounts = [mount('jwt-a', '/x'), mount('jwt-a', '/y'), mount('data', '/y/token')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A], '/y/token')), [['/x/token']]);
  });

  it('is searched for in its first eight mounts', () => {
    const covered = Array.from({ length: 8 }, (_, index) => [
      mount('jwt-a', `/x${index}`),
      mount('data', `/x${index}/token`),
    ]).flat();
    assert.deepEqual(outcomes(placeTokens(shape([...covered.slice(2), mount('jwt-a', '/y')]), [A])), [
      ['/y/token'],
    ]);
    assert.deepEqual(outcomes(placeTokens(shape([...covered, mount('jwt-a', '/y')]), [A])), [
      `MountPathTaken: container "app": volume "data" at /x0/token hides the token file /x0/token: mount "data" elsewhere, or remove the mount of "jwt-a" at /x0`,
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
    'a device above its directory': [
      shape([], [{ volume: 'disk', path: '/dev/xvda' }]),
      wanted('a', '/dev/xvda/jwt'),
      `MountPathTaken: container "app": device "disk" at /dev/xvda hides the token file /dev/xvda/jwt/token: ${elsewhere('disk')}`,
    ],
    'a volume below its file': [
      shape([mount('data', '/a/token/x')]),
      A,
      `MountPathTaken: container "app": volume "data" at /a/token/x hides the token file /a/token: ${elsewhere('data')}`,
    ],
    'a volume at its file': [
      shape([mount('data', '/a/token')]),
      A,
      `MountPathTaken: container "app": volume "data" at /a/token hides the token file /a/token: ${elsewhere('data')}`,
    ],
    'the length of its path': [
      shape([]),
      wanted('a', `/${'a/'.repeat(2_044)}a`),
      `TooLarge: container "app": a mount path has 4096 bytes (/${'a/'.repeat(49)}…): use a path of at most 4095 bytes, in parts of at most 255`,
    ],
    'the length of one of the paths at which it is mounted': [
      shape([mount('jwt-a', '/x'), mount('jwt-a', `/${'p'.repeat(4_089)}`)]),
      A,
      'TooLarge: container "app": the path of the token file has 4096 bytes: use a path of at most 4095 bytes, in parts of at most 255',
    ],
    'the length of the path at which it is mounted': [
      shape([mount('jwt-a', `/${'p'.repeat(4_089)}`)]),
      A,
      'TooLarge: container "app": the path of the token file has 4096 bytes: use a path of at most 4095 bytes, in parts of at most 255',
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
      `MountPathTaken: container "app": volume "data" at /x/token hides the token file /x/token: mount "data" elsewhere, or remove the mount of "jwt-b" at /x`,
    ]);
  });

  it('use files that stay visible after a new mount of another token', () => {
    const b = wanted('b', '/b', 'a/token');
    const mounts = [mount('jwt-b', '/'), mount('jwt-b', '/x')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A, b])), ['/a', ['/x/a/token']]);
  });

  it('are blocked if no file stays visible after a new mount of another token', () => {
    const b = wanted('b', '/b', 'a/token');
    assert.deepEqual(outcomes(placeTokens(shape([mount('jwt-b', '/')]), [A, b])), [
      `MountPathTaken: container "app": volume "jwt-a" at /a hides the token file /a/token: ${elsewhere('jwt-b')} than at /`,
      ['/a/token'],
    ]);
  });

  it('lose nothing to a new mount that is blocked', () => {
    const both = (name: string): WantedToken => {
      const volumes = new Map([
        ['both', [`a/${name}`]],
        [`jwt-${name}`, ['token']],
      ]);
      return wantToken({ name, mountPath: `/${name}`, volumes }, NOTHING_NESTED);
    };
    const mounts = [mount('both', '/'), mount('jwt-b', '/x')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [both('b'), both('c'), A])), [
      ['/a/b', '/x/token'],
      ['/a/c'],
      `MountPathTaken: container "app": volume "jwt-a" at /a hides the token file /a/c: ${elsewhere('both')} than at /`,
    ]);
  });

  it('are blocked if the new mount of another token would need a directory in the place of the file', () => {
    const mounts = [mount('jwt-b', '/b', { subPath: 'token' })];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [wanted('a', '/b/a'), wanted('b', '/x')])), [
      `MountPathTaken: container "app": volume "jwt-a" at /b/a hides the token file /b: ${elsewhere('jwt-b')} than at /b`,
      ['/b'],
    ]);
  });

  it('can share a mount if the new mount of one shows the other at the same path', () => {
    const [a, b] = [
      { name: 'a', mountPath: '/a', volumes: new Map([['both', ['a']]]) },
      {
        name: 'b',
        mountPath: '/b',
        volumes: new Map(Object.entries({ own: ['a/b'], both: ['b'] })),
      },
    ].map((source) => wantToken(source, NOTHING_NESTED));
    assert.ok(a !== undefined && b !== undefined);
    assert.deepEqual(outcomes(placeTokens(shape([mount('own', '/')]), [a, b])), ['/a', ['/a/b']]);
  });

  it('are refused with the mounts that block each, not with those that it would hide', () => {
    const b = wanted('b', '/b', 'a/other');
    const mounts = [mount('jwt-b', '/'), mount('data', '/a/token')];
    assert.deepEqual(outcomes(placeTokens(shape(mounts), [A, b])), [
      `MountPathTaken: container "app": volume "data" at /a/token hides the token file /a/token: ${elsewhere('data')}`,
      ['/a/other'],
    ]);
  });
});
