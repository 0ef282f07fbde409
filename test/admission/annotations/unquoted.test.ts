import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refuseUnquoted } from '../../../src/admission/annotations/unquoted.ts';
import { KEYS } from '../pods.ts';

const PATH = ['metadata', 'annotations'];

describe('an annotation that YAML does not read as text is refused, with the correct spelling:', () => {
  const OTHER = 'tokens.osg-htc.org/other';
  const MODE_RULE = 'use three octal digits from 001 to 777, in quotes, such as "0444"';
  const ENV_VAR_RULE = 'use letters, digits and "_", not beginning with a digit';
  /** Key, value, the text in the file, and the message. */
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
    [KEYS.token, 12, '0xc', ': 0xc is a number, not a string: write KEY: "0xc"'],
    [KEYS.containers, 12, '1_2', ': 1_2 is a number, not a string: write KEY: "1_2"'],
    [KEYS.token, -1, '-1', ': -1 is a number, not a string: the closest valid one is "1"'],
    [KEYS.inject, 1, '0x1', ': 0x1 is a number, not a string: set "true" or "false"'],
    [KEYS.mountPath, 1, '1', `: 1 is a number, not a string: name a directory such as /var/run/secrets/jwt`],
    [KEYS.envVar, 444, '444', `: 444 is a number, not a string: ${ENV_VAR_RULE}`],
    [KEYS.fileMode, 4444, '4444', `: 4444 is a number, not a string: ${MODE_RULE}`],
    [KEYS.fileMode, 0o1000, '01000', `: 01000 is a number, not a string: ${MODE_RULE}`],
    [KEYS.fileMode, 0, '000', `: 000 is a number, not a string: ${MODE_RULE}`],
    [KEYS.fileMode, -292, '-0444', `: -0444 is a number, not a string: ${MODE_RULE}`],
    [KEYS.fileMode, 44.5, '44.5', `: 44.5 is a number, not a string: ${MODE_RULE}`],
    [KEYS.fileMode, 10n ** 20n, '1_0', `: 1_0 is a number, not a string: ${MODE_RULE}`],
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

  it('but texts, and annotations that are not ours, are allowed', () => {
    const written = (): string | undefined => assert.fail('nothing is searched');
    assert.equal(refuseUnquoted({ [KEYS.inject]: 'on', other: true }, PATH, written), undefined);
    assert.equal(refuseUnquoted(undefined, PATH, written), undefined);
  });
});
