import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isOptedOut,
  readAnnotationValues,
  warnOfEmptyValues,
} from '../../../src/admission/annotations/annotation-values.ts';
import { readSettings } from '../../../src/admission/annotations/injection-settings.ts';
import { KEYS, type Json } from '../pods.ts';

function read(annotations: Json) {
  return readAnnotationValues(annotations) ?? assert.fail('they are read');
}

const settingsOf = (annotations: Json, byDefault?: string) => readSettings(read(annotations), byDefault);
const DEFAULTS = {
  tokens: ['a'],
  containers: { mode: 'all' },
  mountPath: '/var/run/secrets/jwt',
  envVar: 'BEARER_TOKEN_FILE',
  defaultMode: 0o444,
};

describe('the annotations of a pod', () => {
  it('are only our own, each without the white space around it', () => {
    const all = Object.fromEntries(Object.entries(KEYS).map(([name, key]) => [key, ` ${name}\n`]));
    const { emptyKeys, ...values } = read({ ...all, other: 'x', 'tokens.osg-htc.org/other': 'x' });
    assert.deepEqual(emptyKeys, []);
    assert.deepEqual(values, Object.fromEntries(Object.keys(KEYS).map((name) => [name, name])));
  });

  it('are empty if there are no annotations', () =>
    assert.deepEqual(readAnnotationValues(undefined), { emptyKeys: [] }));

  it('count as not set when they are empty, with a warning for each', () => {
    for (const empty of ['', ' \n', ',', ' , ,\t', '\u0085', ',\u0085,']) {
      const values = read({ [KEYS.token]: empty, [KEYS.envVar]: 'A' });
      assert.deepEqual(values, { emptyKeys: [KEYS.token], envVar: 'A' });
      assert.deepEqual(warnOfEmptyValues(values), [
        { kind: 'emptyValue', text: `annotation ${KEYS.token} is empty: it counts as not set` },
      ]);
    }
    assert.deepEqual(read({ [KEYS.token]: ',a' }), { emptyKeys: [], token: ',a' });
  });

  it('are left to the API server when one is not a string, or longer than all of them are allowed to be', () => {
    for (const value of [true, null, 7, ['a'], 'x'.repeat(262_145)])
      assert.equal(readAnnotationValues({ [KEYS.token]: value }), undefined);
    assert.ok(readAnnotationValues({ [KEYS.token]: 'x'.repeat(262_144), other: true }));
  });

  it('opt out only by inject: "false"', () => {
    assert.ok(isOptedOut(read({ [KEYS.inject]: ' false ' })));
    for (const value of ['true', 'False', 'no']) assert.ok(!isOptedOut(read({ [KEYS.inject]: value })));
  });
});

describe('the token that a pod asks for', () => {
  const taken: Readonly<Record<string, readonly [Json, Json]>> = {
    'is a token, and all else by default': [{ [KEYS.token]: 'a' }, DEFAULTS],
    'is for the containers of a list': [
      { [KEYS.token]: 'a', [KEYS.containers]: 'x,y' },
      { ...DEFAULTS, containers: { mode: 'only', key: KEYS.containers, names: new Set(['x', 'y']) } },
    ],
    'is for all containers but those of a list': [
      { [KEYS.token]: 'a', [KEYS.skipContainers]: 'x' },
      { ...DEFAULTS, containers: { mode: 'except', key: KEYS.skipContainers, names: new Set(['x']) } },
    ],
    'is where and how it says': [
      {
        [KEYS.token]: 'a',
        [KEYS.mountPath]: '/m',
        [KEYS.envVar]: 'E',
        [KEYS.fileMode]: '400',
        [KEYS.inject]: 'true',
      },
      { ...DEFAULTS, mountPath: '/m', envVar: 'E', defaultMode: 0o400 },
    ],
  };
  for (const [title, [annotations, value]] of Object.entries(taken))
    it(title, () => assert.deepEqual(settingsOf(annotations), { ok: true, value, warnings: [] }));

  it('is that of its namespace if it names none', () => {
    assert.deepEqual(settingsOf({}, 'a'), { ok: true, value: DEFAULTS, warnings: [] });
  });

  it('does not exist if none is named; the first setting, which then has no effect, gets a warning', () => {
    assert.deepEqual(settingsOf({}), { ok: true, value: undefined, warnings: [] });
    assert.deepEqual(settingsOf({ [KEYS.fileMode]: 'x', [KEYS.containers]: 'app' }), {
      ok: true,
      value: undefined,
      warnings: [
        { kind: 'withoutToken', text: `annotation ${KEYS.containers} has no effect without ${KEYS.token}` },
      ],
    });
  });

  it('is read with warnings about mistakes in the lists', () => {
    const { warnings } = settingsOf({ [KEYS.token]: 'a,a', [KEYS.containers]: 'x,' });
    assert.deepEqual(
      warnings.map(({ kind }) => kind),
      ['duplicateToken', 'emptyItem'],
    );
  });

  const refused: Readonly<Record<string, readonly [Json, what: RegExp, remedy: RegExp]>> = {
    'inject without a token': [
      { [KEYS.inject]: 'true' },
      /inject is "true", but no token is named$/,
      /^add .*\/token: "<name of a JWT>" or remove .*\/inject$/,
    ],
    'a word that inject does not have': [
      { [KEYS.inject]: 'yes' },
      /inject is "yes"$/,
      /^set "true" or "false"$/,
    ],
    'a name of no token': [{ [KEYS.token]: 'A' }, /"A" is not a valid token name$/, /"a"$/],
    'both lists': [
      { [KEYS.token]: 'a', [KEYS.containers]: 'x', [KEYS.skipContainers]: 'y' },
      /^both .*\/containers and .*\/skip-containers are set$/,
      /^keep one of them$/,
    ],
    'a wrong path': [
      { [KEYS.token]: 'a', [KEYS.mountPath]: 'm' },
      /"m" is not absolute$/,
      /^name a directory/,
    ],
    'a wrong variable': [
      { [KEYS.token]: 'a', [KEYS.envVar]: '-' },
      /"-" is not a valid name of an environment variable$/,
      /^use letters/,
    ],
    'a wrong mode': [
      { [KEYS.token]: 'a', [KEYS.fileMode]: 'x' },
      /"x" is not a valid file mode$/,
      /^use three octal/,
    ],
  };
  for (const [title, [annotations, what, remedy]] of Object.entries(refused)) {
    it(`is refused for ${title}`, () => {
      const result = settingsOf(annotations);
      assert.ok(!result.ok);
      assert.match(result.problem.what, what);
      assert.match(result.problem.remedy, remedy);
      assert.deepEqual(result.warnings, []);
    });
  }

  it('is refused together with the warnings found before', () => {
    for (const annotation of [KEYS.mountPath, KEYS.envVar, KEYS.fileMode, KEYS.containers]) {
      const wrong = annotation === KEYS.containers ? { [KEYS.skipContainers]: 'y' } : {};
      const result = settingsOf({ [KEYS.token]: 'a,a', [annotation]: '-', ...wrong });
      assert.deepEqual([result.ok, result.warnings.map(({ kind }) => kind)], [false, ['duplicateToken']]);
    }
  });
});
