import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pointerPath, pointerTo, writePatch, type PatchOperation } from '../../src/resources/json-patch.ts';

const key = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom('a/b', '~', '~1', '"', '\n', 'ü', '\uD800'),
);

describe('a pointer', () => {
  it('is written as RFC 6901 says', () => {
    assert.equal(pointerTo(['metadata', 'annotations', 'a/b~c', '0']), '/metadata/annotations/a~1b~0c/0');
    assert.equal(pointerTo([]), '');
    assert.deepEqual(pointerPath('/a~1b/~01/'), ['a/b', '~1', '']);
  });

  it('leads back to the keys that it was made of', () => {
    fc.assert(fc.property(fc.array(key), (keys) => assert.deepEqual(pointerPath(pointerTo(keys)), keys)));
  });
});

describe('the text of a patch', () => {
  const operations = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 }).chain((values) =>
    fc.array(
      fc.oneof(
        fc.record({ op: fc.constant('add' as const), path: key, value: fc.constantFrom(...values) }),
        fc.record({ op: fc.constant('remove' as const), path: key }),
      ),
      { maxLength: 24, size: 'max' }, // so that some are few, and some many
    ),
  );

  it('is that of JSON.stringify, whatever is in it and however often', () => {
    fc.assert(
      fc.property(operations, (patch: readonly PatchOperation[]) => {
        assert.equal(writePatch(patch), JSON.stringify(patch));
      }),
    );
  });
});
