import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refuseUnquoted } from '../../src/admission/unquoted.ts';
import { KEYS } from './pods.ts';

const PATH = ['metadata', 'annotations'];

describe('an annotation that YAML does not read as text is refused, with what to write instead:', () => {
  const OTHER = 'tokens.osg-htc.org/other';
  /** Key, value, how it is written, and the message. */
  const cases: readonly (readonly [string, unknown, string | undefined, string])[] = [
    [KEYS.inject, true, 'on', ': on is a boolean, not a string: write KEY: "true"'],
    [KEYS.inject, false, undefined, ': false is a boolean, not a string: write KEY: "false"'],
    [KEYS.token, true, 'on', ': on is a boolean, not a string: write KEY: "on"'],
    [
      KEYS.token,
      12n ** 20n,
      undefined,
      `: ${12n ** 20n} is a number, not a string: write KEY: "${12n ** 20n}"`,
    ],
    [KEYS.fileMode, 0o444, '0444', ': 0444 is a number, not a string: write KEY: "0444"'],
    [KEYS.fileMode, 0o400, '256', ': 256 is a number, not a string: write KEY: "256"'],
    [KEYS.fileMode, 0o444, '0o444', ': 0o444 is a number, not a string: write KEY: "0444"'],
    [KEYS.fileMode, 0o4, '4', ': 4 is a number, not a string: write KEY: "0004"'],
    [KEYS.fileMode, 0o444, undefined, ': 292 is a number, not a string: write KEY: "0444"'],
    [KEYS.inject, 1, '0x1', ': 0x1 is a number, not a string: write KEY: "0x1"'],
    [KEYS.fileMode, 10n ** 20n, '1_0', ': 1_0 is a number, not a string: write KEY: "1_0"'],
    [KEYS.envVar, 444, '0x1bc', ': 0x1bc is a number, not a string: write KEY: "0x1bc"'],
    [KEYS.token, null, undefined, ' has no value: write KEY: "<name of a JWT>", or remove the line'],
    [KEYS.mountPath, null, '', ' has no value: write KEY: "/var/run/secrets/jwt", or remove the line'],
    [KEYS.envVar, null, '~', ': ~ is not a string: write KEY: "BEARER_TOKEN_FILE", or remove the line'],
    [KEYS.inject, {}, '{}', ' is a map, not a string: write KEY: "true"'],
    [KEYS.fileMode, ['0444'], '[0444]', ' is a list, not a string: write KEY: "0444"'],
    [KEYS.containers, ['app'], '[app]', ' is a list, not a string: write KEY: "<text>"'],
    [OTHER, 1, '1', ': 1 is a number, not a string: write KEY: "1"'],
  ];
  for (const [key, value, written, says] of cases) {
    const message = `annotation ${key}${says.replace('KEY', key)}`;
    it(message, () => {
      const asked: unknown[] = [];
      const refusal = refuseUnquoted({ a: 1, [KEYS.token]: 'x', [key]: value }, PATH, (path) => {
        asked.push(path);
        return written;
      });
      assert.deepEqual([refusal?.reason, refusal?.message], ['InvalidAnnotation', message]);
      assert.deepEqual(asked, [[...PATH, key]]);
    });
  }

  it('texts, and what is not ours, are not', () => {
    const written = (): string | undefined => assert.fail('nothing is looked for');
    assert.equal(refuseUnquoted({ [KEYS.inject]: 'on', other: true }, PATH, written), undefined);
    assert.equal(refuseUnquoted(undefined, PATH, written), undefined);
  });
});
