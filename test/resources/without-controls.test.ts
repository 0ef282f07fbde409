import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withoutControls } from '../../src/resources/without-controls.ts';

it('withoutControls replaces control characters and half characters, and keeps all others', () => {
  assert.equal(withoutControls('a\nb\u001B[31mc\u0085d\u007F'), 'a b [31mc d ');
  assert.equal(withoutControls('x\uD83Dy'), 'x y');
  assert.equal(withoutControls('a\u202Eb\u202Cc\u2066d\u2069e\u200Ef\u200Fg\u061Ch'), 'a b c d e f g h');
  assert.equal(withoutControls('grün 😀 עברית'), 'grün 😀 עברית');
});
