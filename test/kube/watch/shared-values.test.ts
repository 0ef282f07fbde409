import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Recent } from '../../../src/kube/watch/recent.ts';
import { SharedValues } from '../../../src/kube/watch/shared-values.ts';

/** From few words, so that parts of generated values are often equal; includes names that objects inherit. */
const word = fc.constantFrom('', 'a', 'ab', '1:a', '0:', '__proto__', 'constructor', 'x'.repeat(300));
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    word,
    fc.integer(),
    fc.constant(-0),
    fc.boolean(),
    fc.constant(null),
    tie('object'),
  ),
  object: fc.oneof(fc.dictionary(word, tie('any'), { maxKeys: 4 }), fc.array(tie('any'), { maxLength: 4 })),
})).object as fc.Arbitrary<object>;

describe('shared values', () => {
  it('are equal to their originals, for any values that were shared before', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (values) => {
        const shared = new SharedValues();
        const texts = values.map((each) => JSON.stringify(each));
        const copies = texts.map((text) => JSON.parse(text));
        let latest: object | undefined;
        for (const [index, text] of texts.entries()) {
          const one = shared.share(JSON.parse(text), index % 3 === 0 ? undefined : latest);
          assert.deepEqual(one, copies[index]);
          assert.equal(JSON.stringify(one), text);
          if (index % 2 === 0) latest = one;
        }
      }),
    );
  });

  it('store equal small objects of texts once, and one empty object and array', () => {
    const shared = new SharedValues();
    const parse = (): Record<string, unknown> =>
      JSON.parse(
        '{"labels":{"a":"1","b":"2"},"list":["x","y"],"none":{},"no":[],"number":{"a":1},"template":{"a":{},"b":[]},"deep":{"a":{"b":"c"}}}',
      );
    const [one, other] = [shared.share(parse()), shared.share(parse())];
    for (const name of ['labels', 'list', 'none', 'no', 'template'])
      assert.equal(one[name], other[name], name);
    for (const name of ['number', 'deep']) assert.notEqual(one[name], other[name], name);
  });

  it('do not store what holds the text of a private key', () => {
    const shared = new SharedValues();
    const parse = (): Record<string, unknown> => JSON.parse('{"key":{"from":"value","text":"x"}}');
    assert.notEqual(shared.share(parse())['key'], shared.share(parse())['key']);
  });

  it('store parts that are equal to those of the value before once', () => {
    const shared = new SharedValues();
    const parse = (list: string): Record<string, unknown> =>
      JSON.parse(`{"number":{"a":1,"b":[{"c":null}]},"list":${list},"long":"${'x'.repeat(5_000)}"}`);
    const one = shared.share(parse('[{"a":1},{"a":2}]'));
    const other = shared.share(parse('[{"a":1},{"a":3}]'), one);
    assert.notEqual(one, other);
    assert.equal(one['number'], other['number']);
    assert.notEqual(one['list'], other['list']);
    const [[first], [second]] = [one['list'] as object[], other['list'] as object[]];
    assert.equal(first, second);
  });
});

describe('recently seen values', () => {
  it('are remembered while they are requested, up to a size', () => {
    const recent = new Recent<object>(100);
    const often = {};
    recent.intern('often', often);
    const first = {};
    recent.intern('once', first);
    for (let index = 0; index < 10_000; index += 1) {
      recent.intern(`${index}`, {});
      if (index % 50 === 0) assert.equal(recent.intern('often', {}), often);
    }
    assert.notEqual(recent.intern('once', {}), first);
    assert.ok(recent.size <= 200);
  });
});
