import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codePoint } from '../../fixtures/code-point.ts';
import { ItemCutter } from '../../../src/kube/list/item-cutter.ts';
import type { Piece } from '../../../src/kube/list/pieces.ts';
import { isJsonObject } from '../../../src/resources/json.ts';
import { chunksOf } from '../chunks.ts';

interface CutList {
  readonly head: unknown;
  readonly envelope: unknown;
  readonly pieces: readonly Piece[];
}

async function cut(
  text: string,
  sizes: readonly number[] = [1_000],
  longest = 1_000_000,
  withoutManagedFields = false,
): Promise<CutList> {
  const cutter = new ItemCutter({ longest, withoutManagedFields });
  const pieces: Piece[] = [];
  for await (const chunk of chunksOf(Buffer.from(text), sizes)) pieces.push(...cutter.feed(chunk));
  return { pieces, envelope: cutter.end(), head: cutter.head() };
}

/** The parsed items; `undefined` for a SyntaxError, and for an item that is not an object. */
async function itemsOf(text: string, sizes: readonly number[]): Promise<readonly unknown[] | undefined> {
  try {
    const { pieces } = await cut(text, sizes);
    const items = pieces.map(({ text: item }): unknown => JSON.parse(item));
    return items.every(isJsonObject) ? items : undefined;
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });
const key = fc.constantFrom('metadata', 'items', 'a"b', '\\', '{', ']', 'x"items":[', '\u00e9\u{1f511}');
const text = fc.oneof(
  fc.string({ unit: codePoint, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' '), maxLength: 200 }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));
const object = fc.dictionary(key, value, { maxKeys: 4 });
const list = fc.record({
  before: fc.dictionary(
    key.filter((name) => name !== 'items'),
    value,
    { maxKeys: 3 },
  ),
  items: fc.array(object, { maxLength: 6 }),
  after: fc.dictionary(
    key.filter((name) => name !== 'items'),
    value,
    { maxKeys: 3 },
  ),
  indent: fc.constantFrom(undefined, 1, '\t'),
});
const textOf = ({ before, items, after, indent }: typeof list extends fc.Arbitrary<infer T> ? T : never) =>
  JSON.stringify({ kind: 'List', ...before, items, ...after }, undefined, indent);

test('the items of any list are equal to those of JSON.parse, for any chunks', async () => {
  await fc.assert(
    fc.asyncProperty(list, sizes, async (given, chunkSizes) => {
      assert.deepEqual(
        await itemsOf(textOf(given), chunkSizes),
        (parse(textOf(given)) as { items: [] }).items,
      );
    }),
    { numRuns: 500 },
  );
});

test('texts that JSON.parse refuses are refused, for any change of a list', async () => {
  const change = fc.record({
    at: fc.nat(),
    remove: fc.integer({ min: 0, max: 3 }),
    insert: fc.string({
      unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', '1'),
      maxLength: 2,
    }),
  });
  await fc.assert(
    fc.asyncProperty(list, change, sizes, async (given, { at, remove, insert }, chunkSizes) => {
      const whole = textOf(given);
      const where = at % (whole.length + 1);
      const changed = whole.slice(0, where) + insert + whole.slice(where + remove);
      if (parse(changed) === undefined) assert.equal(await itemsOf(changed, chunkSizes), undefined, changed);
    }),
    { numRuns: 2_000 },
  );
});

test('the list itself is given without its items, its head as soon as they begin', async () => {
  const whole =
    '{"kind":"SecretList","apiVersion":"v1","items":[{"a":1},{"a":2}],"metadata":{"continue":"c"}}';
  const { head, envelope } = await cut(whole, [7]);
  assert.deepEqual(head, { kind: 'SecretList', apiVersion: 'v1', items: [] });
  assert.deepEqual(envelope, {
    kind: 'SecretList',
    apiVersion: 'v1',
    items: [],
    metadata: { continue: 'c' },
  });
});

test('managed fields are left out if they are not needed, for any content', async () => {
  const item = fc.record({
    metadata: fc.record({ name: text, managedFields: fc.array(value, { maxLength: 3 }), labels: object }),
    more: value,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 4 }), sizes, async (items, chunkSizes) => {
      const without = items.map(({ metadata, more }) => ({
        metadata: { ...metadata, managedFields: [] },
        more,
      }));
      const whole = JSON.stringify({ items });
      const pieces = async (chunks: readonly number[]) =>
        (await cut(whole, chunks, 1_000_000, true)).pieces.map((piece): unknown => JSON.parse(piece.text));
      assert.deepEqual(await pieces([1_000_000]), JSON.parse(JSON.stringify(without)));
      for (const [index, each] of (await pieces(chunkSizes)).entries()) {
        const cutOut = JSON.stringify(each) === JSON.stringify(without[index]);
        assert.ok(cutOut || JSON.stringify(each) === JSON.stringify(items[index]));
      }
    }),
    { numRuns: 500 },
  );
});

for (const [name, body] of [
  ['an item that is cut off', '{"items":[{"a":'],
  ['a list that is cut off between two items', '{"items":[{}'],
  ['two items without a comma', '{"items":[{}{}]}'],
  ['two commas', '{"items":[{},,{}]}'],
  ['a comma at the end', '{"items":[{},]}'],
  ['a word among the items', '{"items":[{},null]}'],
  ['text after the list', '{"items":[]}x'],
  ['nothing', ''],
  ['an array', '[]'],
] as const) {
  test(`${name} is refused`, async () => {
    for (const size of [1, 100]) await assert.rejects(cut(body, [size]), SyntaxError);
  });
}

test('only the beginning is given of an object that is too long, and the others completely', async () => {
  const long = JSON.stringify({ metadata: { name: 'long' }, data: 'x'.repeat(5_000) });
  const whole = `{"items":[{"a":1},${long},{"a":2}]}`;
  for (const size of [1, 64, 100_000]) {
    const { pieces } = await cut(whole, [size], 4_000);
    assert.deepEqual(
      pieces.map(({ isWhole }) => isWhole),
      [true, false, true],
    );
    assert.ok(long.startsWith(pieces[1]?.text ?? 'none'));
    assert.ok((pieces[1]?.text.length ?? 0) >= 2_000);
    assert.deepEqual(JSON.parse(pieces[2]?.text ?? ''), { a: 2 });
  }
});

test('an object of the maximum length is complete', async () => {
  const item = '{"a":"0123456789"}';
  for (const size of [1, 100]) {
    assert.equal((await cut(`{"items":[${item}]}`, [size], item.length)).pieces[0]?.isWhole, true);
    assert.equal((await cut(`{"items":[${item}]}`, [size], item.length - 1)).pieces[0]?.isWhole, false);
  }
});

test('an endless answer that is not a list is given up before it fills the memory', () => {
  const cutter = new ItemCutter({ longest: 10_000 });
  cutter.feed(Buffer.from('{"a":"'));
  let sent = 0;
  assert.throws(() => {
    for (; sent < 1_000_000; sent += 1_000) cutter.feed(Buffer.alloc(1_000, 'x'));
  }, SyntaxError);
  assert.ok(sent < 100_000);
});
