import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { areTooLarge, MAX_ANNOTATIONS_BYTES } from '../../../src/admission/annotations/annotation-text.ts';

describe('all annotations of one object together', () => {
  const filled = (bytes: number): Record<string, unknown> => ({ key: 'x'.repeat(bytes - 'key'.length) });

  it('can have 256 KiB, keys and values, but not a byte more', () => {
    assert.equal(MAX_ANNOTATIONS_BYTES, 256 * 1024);
    assert.equal(areTooLarge(filled(MAX_ANNOTATIONS_BYTES)), false);
    assert.equal(areTooLarge(filled(MAX_ANNOTATIONS_BYTES + 1)), true);
    assert.equal(areTooLarge({ ...filled(MAX_ANNOTATIONS_BYTES - 3), ab: 'c' }), false);
    assert.equal(areTooLarge({ ...filled(MAX_ANNOTATIONS_BYTES - 3), ab: 'cd' }), true);
  });

  it('are counted as UTF-8', () => {
    assert.equal(areTooLarge({ ü: 'ü'.repeat(MAX_ANNOTATIONS_BYTES / 2 - 1) }), false);
    assert.equal(areTooLarge({ ü: 'ü'.repeat(MAX_ANNOTATIONS_BYTES / 2) }), true);
  });

  it('have no size if there are none, or none that is a text', () => {
    assert.equal(areTooLarge(undefined), false);
    assert.equal(areTooLarge({ a: 7, b: null }), false);
  });
});
