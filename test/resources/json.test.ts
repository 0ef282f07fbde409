import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  arrayMember,
  isDeeperThan,
  isJsonObject,
  member,
  objectMember,
  stringMap,
  stringMember,
  stringMembers,
  textOf,
} from '../../src/resources/json.ts';
import { pointerPath, pointerTo } from '../../src/resources/json-patch.ts';

describe('a member of a JSON object', () => {
  it('is found for any value', () => {
    const object = { a: 0, b: null, c: '', d: [1], e: { f: false } };
    for (const [key, value] of Object.entries(object)) assert.deepEqual(member(object, key), value);
  });

  it('is never inherited', () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__'])
      assert.equal(member({}, key), undefined, key);
  });

  it('can have the name of an inherited property', () => {
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const object: unknown = JSON.parse(`{"${key}": {"a": 1}}`);
      assert.deepEqual(member(object, key), { a: 1 }, key);
    }
  });

  it('only exists in objects', () => {
    for (const other of [undefined, null, 'text', 7, true, ['a']]) {
      assert.ok(!isJsonObject(other));
      assert.equal(member(other, '0'), undefined);
      assert.equal(member(other, 'length'), undefined);
    }
  });

  const object = { text: 'a', empty: '', list: ['a'], map: { a: 1 }, number: 7, nothing: null };
  const kinds = [
    ['an object', objectMember, { map: { a: 1 } }, undefined],
    ['a string', stringMember, { text: 'a', empty: '' }, undefined],
    ['an array', arrayMember, { list: ['a'] }, []],
  ] as const;
  for (const [kind, read, found, otherwise] of kinds) {
    it(`that is to be ${kind} is absent when it is anything else`, () => {
      for (const key of [...Object.keys(object), 'missing'])
        assert.deepEqual(read(object, key), Object.hasOwn(found, key) ? found[key as never] : otherwise, key);
    });
  }
});

describe('a map of strings', () => {
  it('has no members that are not strings, and is empty for other values', () => {
    assert.deepEqual(stringMap({ a: '1', b: '', c: 7, d: null, e: {} }), { a: '1', b: '' });
    for (const other of [undefined, null, 'ab', ['a']]) assert.deepEqual(stringMap(other), {});
  });
});

describe('the depth of a JSON value', () => {
  /** Alternating objects and arrays, nested `levels` deep. */
  const nest = (levels: number): unknown => {
    let value: unknown = 'leaf';
    for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
    return value;
  };

  it('is the number of nested objects and arrays', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), (levels, limit) => {
        assert.equal(isDeeperThan(nest(levels), limit), levels > limit);
      }),
    );
  });

  it('is the depth of its deepest part', () => {
    assert.ok(isDeeperThan([1, null, nest(5), {}], 5));
    assert.ok(!isDeeperThan([1, null, nest(4), {}], 5));
  });

  it('is found without recursion, and without trying to call a function with a million parts', () => {
    assert.ok(isDeeperThan(nest(100_000), 500));
    assert.ok(
      !isDeeperThan(
        Array.from({ length: 300_000 }, () => 0),
        1,
      ),
    );
  });
});

it('a JSON pointer is read part by part; ~1 is a slash and ~0 a tilde, in this order', () => {
  for (const [pointer, path] of [
    ['', []],
    ['/', ['']],
    ['/metadata/annotations/a.b~1c', ['metadata', 'annotations', 'a.b/c']],
    ['/a~01/b~0~0/~1~1', ['a~1', 'b~~', '//']],
  ] as const)
    assert.deepEqual(pointerPath(pointer), path);
});

it('a JSON pointer gives the path from which it was made', () => {
  assert.equal(pointerTo(['metadata', 'annotations', 'a~1/b']), '/metadata/annotations/a~01~1b');
  const keys = fc.array(fc.string({ unit: fc.constantFrom('a', '~', '/', '0', '1') }));
  fc.assert(fc.property(keys, (path) => assert.deepEqual(pointerPath(pointerTo(path)), path)));
});

it('a value of JSON in words is a string as it is, anything else as JSON', () => {
  assert.equal(textOf('a "b"'), 'a "b"');
  assert.equal(textOf({ toString: 1 }), '{"toString":1}');
  assert.equal(textOf(null), 'null');
  assert.equal(textOf(undefined), 'none');
});

it('members are picked by their names if they are strings, and never inherited', () => {
  const value = { a: 'x', b: 7, c: 'y' };
  assert.deepEqual(stringMembers(value, ['a', 'b', 'd', 'constructor', 'toString']), { a: 'x' });
  assert.deepEqual(stringMembers(null, ['a']), {});
});
