import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDataKey, isNamespaceName, isObjectName, startOfName } from '../../src/resources/object-name.ts';

const [MAX_NAME, MAX_LABEL] = ['x'.repeat(253), 'x'.repeat(63)];
const INVALID = ['', '-a', 'a-', 'A', 'a_b', 'a..b', '.a', 'a.', 'a.-b', 'a-.b', 'a\n', `${MAX_NAME}x`];

describe('the name of an object', () => {
  for (const name of ['a', '1', 'a-b', 'a.b-1.c', 'a.b1-2c.def', 'a--b', MAX_NAME])
    it(`may be "${name.slice(0, 20)}"`, () => assert.ok(isObjectName(name)));
  for (const name of INVALID)
    it(`is not ${JSON.stringify(name.slice(0, 20))}`, () => assert.ok(!isObjectName(name)));
});

describe('the name of a namespace', () => {
  for (const name of ['a', '1', 'a-b', 'a--b', MAX_LABEL])
    it(`may be "${name.slice(0, 20)}"`, () => assert.ok(isNamespaceName(name)));
  for (const name of [...INVALID, 'a.b', `${MAX_LABEL}x`])
    it(`is not ${JSON.stringify(name.slice(0, 20))}`, () => assert.ok(!isNamespaceName(name)));
});

describe('the key of a value in a Secret', () => {
  for (const name of ['a', 'tls.key', '..data', 'A_b-1', MAX_NAME])
    it(`may be "${name.slice(0, 20)}"`, () => assert.ok(isDataKey(name)));
  for (const name of ['', 'a/b', '/a', 'a/', 'a b', 'a\n', 'ä', `${MAX_NAME}x`])
    it(`is not ${JSON.stringify(name.slice(0, 20))}`, () => assert.ok(!isDataKey(name)));
});

it('the start of a name ends in no dot or dash', () => {
  assert.equal(startOfName('a-b.c', 9), 'a-b.c');
  assert.equal(startOfName('a-b.-.c', 6), 'a-b');
  assert.equal(startOfName('a-b.c', 2), 'a');
});
