import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trimmed } from '../../src/resources/white-space.ts';

/** The ranges of Go's table of `White_Space` (unicode/tables.go). */
const RANGES = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
] as const;

describe('white space', () => {
  it('is the same as in Go, for every character', () => {
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code);
      const isSpace = RANGES.some(([first, last]) => first <= code && code <= last);
      const text = `${character}a b${character}`;
      assert.equal(trimmed(text), isSpace ? 'a b' : text, code.toString(16));
    }
  });

  it('alone is nothing', () => assert.deepEqual([trimmed(' \u0085\n'), trimmed('')], ['', '']));

  it('is removed from both ends, and stays between', () => {
    assert.equal(trimmed(' \t\u2003a\u0085 b😀\u3000\r\n'), 'a\u0085 b😀');
  });
});
