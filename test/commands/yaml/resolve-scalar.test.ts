import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEditable } from '../../../src/commands/yaml/editable-document.ts';
import { resolvePlain } from '../../../src/commands/yaml/resolve-scalar.ts';
import { at } from '../../admission/pods.ts';

/** As kubectl reads them; test/integration compares thousands with kubectl itself. */
const PLAIN: readonly (readonly [string, unknown])[] = [
  ['e2', 'e2'],
  ['1e3', 1000],
  ['1.e-2', 0.01],
  ['1e400', '1e400'],
  ['.5', 0.5],
  ['.e3', '.e3'],
  ['.1_0', 0.1],
  ['.1_', '.1_'],
  ['1_0', 10],
  ['_1', '_1'],
  ['on', true],
  ['Off', false],
  ['y', true],
  ['N', false],
  ['yEs', 'yEs'],
  ['~', null],
  ['', null],
  ['Null', null],
  ['0444', 292],
  ['0o444', 292],
  ['08', 8],
  ['0x1F', 31],
  ['-0b11', -3],
  ['0b-11', -3],
  ['0b+11', 3],
  ['+0b-11', '+0b-11'],
  ['0o8', '0o8'],
  ['12:30', '12:30'],
  ['2001-01-01', '2001-01-01'],
  ['9007199254740993', 9007199254740993n],
  ['9223372036854775807', 9223372036854775807n],
  ['9223372036854775808', 9223372036854775808],
  ['01777777777777777777777', 2 ** 64],
  ['-9223372036854775809', -(2 ** 63)],
  ['=', '='],
  ['-', '-'],
  ['.', '.'],
];

function valueOf(text: string): unknown {
  const read = readEditable(text);
  assert.ok(read.ok, text);
  return read.value[0]?.value;
}

describe('a scalar as Kubernetes reads it', () => {
  for (const [text, value] of PLAIN) {
    it(`${text === '' ? 'nothing' : text} is ${typeof value} ${String(value)}`, () => {
      assert.deepEqual(resolvePlain(text), value);
    });
  }

  it('is a text in quotes, or as a block', () => {
    const text = 'a: "on"\nb: \'0444\'\nc: |\n  ~\nd: >-\n  1\n';
    assert.deepEqual(valueOf(text), { a: 'on', b: '0444', c: '~\n', d: '1' });
  });

  it('has the type of its tag', () => {
    const text = 'a: !!str on\nb: !!int "7"\nc: !!float 1\nd: !!binary aGk=\ne: !own 1\nf: !!null ""\n';
    assert.deepEqual(valueOf(text), { a: 'on', b: 7, c: 1, d: 'hi', e: '1', f: null });
  });

  it('is read in the same way as a key, and written as a text', () => {
    assert.deepEqual(valueOf('on: 1\n0x10: 2\n1.5: 3\n"on": 4\n'), { true: 1, 16: 2, 1.5: 3, on: 4 });
  });
});

describe('maps as Kubernetes reads them:', () => {
  it('the last of two equal keys counts', () => {
    assert.deepEqual(valueOf('a: 1\nb: 2\na: 3\n'), { a: 3, b: 2 });
  });

  it('a merge key has its effect at its position', () => {
    assert.deepEqual(valueOf('x: 1\n<<: {x: 2, z: 3}\nz: 4\n'), { x: 2, z: 4 });
    assert.deepEqual(valueOf('<<: [{x: 5}, {x: 6, q: 7}]\n'), { x: 5, q: 7 });
    assert.deepEqual(valueOf('"<<": 1\n'), { '<<': 1 });
  });

  it('flow maps with empty values keep their keys', () => {
    assert.deepEqual(valueOf('{a, b: , "c", d: 1}\n'), { a: null, b: null, c: null, d: 1 });
  });

  it('an alias refers to the last anchor before it', () => {
    assert.deepEqual(valueOf('a: &x 1\nb: *x\nc: &x 2\nd: *x\n'), { a: 1, b: 1, c: 2, d: 2 });
  });

  it('__proto__ is a key like any other', () => {
    const value = valueOf('__proto__: {a: 1}\n');
    assert.deepEqual(Object.keys(Object(value)), ['__proto__']);
    assert.equal(at(value, 'a'), undefined);
  });
});
