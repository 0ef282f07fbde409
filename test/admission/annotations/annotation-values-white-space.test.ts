import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotatedPod, KEYS, review, type Json } from '../pods.ts';

describe('a character around a value', () => {
  /** The results for pods with the character before and after a value. */
  function outcomes(character: string): readonly string[] {
    const around = (text: string): string => `${character}${text}${character}`;
    const cases: readonly Json[] = [
      { [KEYS.token]: around('my-jwt') },
      { [KEYS.token]: `a,${around('my-jwt')}` },
      { [KEYS.inject]: around('false') },
      { [KEYS.token]: around('') },
    ];
    return cases.map((annotations) => review(annotatedPod({}, annotations)).reason);
  }

  for (const code of [0x09, 0x0b, 0x20, 0x85, 0xa0, 0x16_80, 0x20_03, 0x20_28, 0x20_2f, 0x30_00]) {
    it(`that is white space does not count: U+${code.toString(16)}`, () => {
      const expected = ['Injected', 'Injected', 'OptedOut', 'NotRequested'];
      assert.deepEqual(outcomes(String.fromCharCode(code)), expected);
    });
  }

  for (const code of [0x00, 0x1f, 0x18_0e, 0x20_0b, 0x20_60, 0xfe_ff]) {
    it(`that does not count as white space is part of it: U+${code.toString(16)}`, () => {
      assert.deepEqual(new Set(outcomes(String.fromCharCode(code))), new Set(['InvalidAnnotation']));
      const { message } = review(annotatedPod({}, { [KEYS.token]: `my-jwt${String.fromCharCode(code)}` }));
      assert.match(message, /is not a valid token name: the closest valid one is "my-jwt"$/);
    });
  }
});
