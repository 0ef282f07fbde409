import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pointerPath, pointerTo, readPatch, testVersion } from '../../src/resources/json-patch.ts';

const key = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom('a/b', '~', '~1', '"', '\n', 'ü', '\uD800'),
);

describe('a pointer', () => {
  it('is written as in RFC 6901', () => {
    assert.equal(pointerTo(['metadata', 'annotations', 'a/b~c', '0']), '/metadata/annotations/a~1b~0c/0');
    assert.equal(pointerTo([]), '');
    assert.deepEqual(pointerPath('/a~1b/~01/'), ['a/b', '~1', '']);
  });

  it('gives the keys from which it was made', () => {
    fc.assert(fc.property(fc.array(key), (keys) => assert.deepEqual(pointerPath(pointerTo(keys)), keys)));
  });
});

describe('the patch of an answer', () => {
  it('has no operations if its text is empty', () => {
    assert.deepEqual(readPatch(''), []);
    assert.deepEqual(readPatch('[{"op":"remove","path":"/a"}]'), [{ op: 'remove', path: '/a' }]);
  });
});

it('a patch of what was read begins with the test of its version', () => {
  assert.deepEqual(testVersion('7'), {
    op: 'test',
    path: pointerTo(['metadata', 'resourceVersion']),
    value: '7',
  });
});
