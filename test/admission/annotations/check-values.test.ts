import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkEnvVar,
  checkFileMode,
  checkInject,
  checkMountPath,
} from '../../../src/admission/annotations/check-values.ts';
import { KEYS } from '../pods.ts';

describe('settings that are not given', () => {
  it('are those of the NRP page and of WLCG Bearer Token Discovery', () => {
    assert.deepEqual(checkMountPath(undefined), { ok: true, value: '/var/run/secrets/jwt' });
    assert.deepEqual(checkEnvVar(undefined), { ok: true, value: 'BEARER_TOKEN_FILE' });
    assert.deepEqual(checkFileMode(undefined), { ok: true, value: 0o444 });
    assert.ok(checkInject(undefined).ok);
  });
});

describe('a mount path', () => {
  const taken: Readonly<Record<string, string>> = {
    '/a': '/a',
    '/a/b.c/': '/a/b.c',
    '/.a/..b': '/.a/..b',
    '/var/run/secrets/jwt': '/var/run/secrets/jwt',
  };
  for (const [value, path] of Object.entries(taken))
    it(`"${value}" is taken`, () => assert.deepEqual(checkMountPath(value), { ok: true, value: path }));

  const refused: Readonly<Record<string, string>> = {
    a: 'is not absolute',
    '/': 'is the whole file system',
    '/a//b': 'has an empty part ("//")',
    '/a//': 'has an empty part ("//")',
    '/a:b': 'has a colon, which Kubernetes refuses in mount paths',
    '/a$b': 'has a "$", which Kubernetes expands in env vars',
    '/a/./b': 'has "." as a part',
    '/a/..': 'has ".." as a part',
  };
  for (const [value, fault] of Object.entries(refused)) {
    it(`"${value}" ${fault}`, () =>
      assert.deepEqual(checkMountPath(value), {
        ok: false,
        problem: {
          what: `annotation ${KEYS.mountPath}: "${value}" ${fault}`,
          remedy: 'name a directory such as /var/run/secrets/jwt',
        },
      }));
  }

  it('that is longer than a file’s path can be is refused with the limits', () => {
    const read = checkMountPath(`/${'a'.repeat(256)}/`);
    assert.ok(!read.ok);
    assert.match(read.problem.what, /… ?" has a part of 256 bytes$/);
    assert.equal(read.problem.remedy, 'use a path of at most 4095 bytes, in parts of at most 255');
  });
});

describe('an env var', () => {
  for (const name of ['A', '_', 'a1_B2', 'X'.repeat(255), 'BEARER_TOKEN_FILE'])
    it(`"${name.slice(0, 20)}" is taken`, () =>
      assert.deepEqual(checkEnvVar(name), { ok: true, value: name }));

  const refused: Readonly<Record<string, readonly [what: RegExp, remedy: string]>> = {
    BEARER_TOKEN: [
      /: clients expect the token itself in BEARER_TOKEN, not the name of a file$/,
      'use BEARER_TOKEN_FILE or a name of your own',
    ],
    '1A': [
      /: "1A" is not a valid name of an environment variable$/,
      'use letters, digits and "_", not beginning with a digit',
    ],
    'A-B': [
      /: "A-B" is not a valid name of an environment variable$/,
      'use letters, digits and "_", not beginning with a digit',
    ],
    [`é${'X'.repeat(254)}`]: [/ has 256 bytes$/, 'use a name of at most 255'],
  };
  for (const [name, [what, remedy]] of Object.entries(refused)) {
    it(`"${name.slice(0, 20)}" is refused`, () => {
      const read = checkEnvVar(name);
      assert.ok(!read.ok);
      assert.ok(read.problem.what.startsWith(`annotation ${KEYS.envVar}`));
      assert.match(read.problem.what, what);
      assert.equal(read.problem.remedy, remedy);
    });
  }
});

describe('a file mode', () => {
  for (const [value, mode] of [
    ['400', 0o400],
    ['0444', 0o444],
    ['001', 1],
    ['777', 0o777],
  ] as const)
    it(`"${value}" is taken`, () => assert.deepEqual(checkFileMode(value), { ok: true, value: mode }));

  for (const value of ['000', '0000', '40', '1444', '04444', '8', '888', '0o444', 'a444', '444b']) {
    it(`"${value}" is refused`, () =>
      assert.deepEqual(checkFileMode(value), {
        ok: false,
        problem: {
          what: `annotation ${KEYS.fileMode}: "${value}" is not a valid file mode`,
          remedy: 'use three octal digits from 001 to 777, in quotes, such as "0444"',
        },
      }));
  }
});

it('inject is exactly true or false', () => {
  for (const value of ['true', 'false']) assert.ok(checkInject(value).ok);
  for (const value of ['TRUE', 'yes', '1', 'xtrue', 'falsex', ''])
    assert.deepEqual(checkInject(value), {
      ok: false,
      problem: { what: `annotation ${KEYS.inject} is "${value}"`, remedy: 'set "true" or "false"' },
    });
});
