import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isWithin,
  joinedFault,
  joinPath,
  lengthFault,
  normalisePath,
} from '../../../src/admission/placement/paths.ts';

describe('a path of a container is normalised:', () => {
  const cases: Readonly<Record<string, string>> = {
    '/': '/',
    '': '/',
    '/a/b': '/a/b',
    a: '/a',
    './a': '/a',
    '../a': '/a',
    '/a/': '/a',
    '//a//b//': '/a/b',
    '/a/./b/.': '/a/b',
    '/a/../b/..': '/',
    '/../a': '/a',
    '/..': '/',
    '//': '/',
    '/a/.b/..c/d.': '/a/.b/..c/d.',
    '/a/...': '/a/...',
  };
  for (const [path, normal] of Object.entries(cases))
    it(`"${path}" is ${normal}`, () => assert.equal(normalisePath(path), normal));

  it('unless it is longer than any of Linux: then it stays too long', () => {
    const long = '//ab/..'.repeat(600);
    assert.deepEqual([normalisePath(long), normalisePath(`a${long}`)], [long, `/a${long}`]);
    assert.equal(lengthFault(normalisePath(long)), 'has 4200 bytes');
    assert.equal(normalisePath(long.slice(0, 4095)), '/');
  });

  it('and a normalised path stays as it is', () => {
    const parts = fc.array(fc.constantFrom('a', '.', '..', '', '.b'), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (some) => {
        const normal = normalisePath(some.join('/'));
        assert.equal(normalisePath(normal), normal);
        assert.match(normal, /^\/(?:[^/]+(?:\/[^/]+)*)?$/);
      }),
    );
  });
});

it('a path is within itself, its parents and the root, and nowhere else', () => {
  for (const directory of ['/', '/a', '/a/b', '/a/b/c']) assert.ok(isWithin(directory, '/a/b/c'), directory);
  for (const directory of ['/a/b/c/d', '/a/bb', '/a/b/', '/b', '/x/b']) {
    assert.ok(!isWithin(directory, '/a/b/c'), directory);
  }
  assert.ok(!isWithin('/a/b', '/a/bb'));
});

it('a long path is within the same ones as a short one', () => {
  const long = '/abc'.repeat(50);
  for (const inside of [long, `${long}/d`]) assert.ok(isWithin(long, inside), inside);
  for (const outside of [`${long}d`, `x${long}/d`.slice(1), `/x${long.slice(2)}/d`, long.slice(0, -4)])
    assert.equal(isWithin(long, outside), outside === `${long}/d`, outside);
});

it('a file is in its directory, the root included', () => {
  assert.deepEqual([joinPath('/', 'token'), joinPath('/a', 'b/token')], ['/token', '/a/b/token']);
});

describe('the length of a path', () => {
  const part = (text: string, times: number): string => `/${text.repeat(times)}`;
  const cases: Readonly<Record<string, readonly [path: string, fault: string | undefined]>> = {
    'of one part of 255 bytes is possible': [part('a', 255), undefined],
    'of one part of 256 bytes is not possible': [part('a', 256), 'has a part of 256 bytes'],
    'of one part of 85 characters of 3 bytes is possible': [part('€', 85), undefined],
    'of one part of 86 characters of 3 bytes is not possible': [part('€', 86), 'has a part of 258 bytes'],
    'counts the longest part': [part('a', 10) + part('b', 300) + part('c', 256), 'has a part of 300 bytes'],
    'of 4,095 bytes is possible': [part('a', 254).repeat(16) + part('a', 14), undefined],
    'of 4,096 bytes is not possible': [part('a', 254).repeat(16) + part('a', 15), 'has 4096 bytes'],
  };
  for (const [title, [path, fault]] of Object.entries(cases))
    it(title, () => assert.equal(lengthFault(path), fault));

  it('is that of all parts together where two possible paths are joined', () => {
    assert.deepEqual(
      [joinedFault(part('a', 4094)), joinedFault(part('€', 1366))],
      [undefined, 'has 4099 bytes'],
    );
  });
});
