import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceOfKey, objectKey, parseObjectKey } from '../../src/resources/object-key.ts';

for (const object of [
  { namespace: 'analysis', name: 'my-jwt' },
  { namespace: '', name: 'tokens.osg-htc.org' },
  { namespace: 'a', name: 'b' },
]) {
  test(`the key ${objectKey(object)} is read as it was made`, () => {
    assert.deepEqual(parseObjectKey(objectKey(object)), object);
    assert.equal(namespaceOfKey(objectKey(object)), object.namespace);
  });
}
