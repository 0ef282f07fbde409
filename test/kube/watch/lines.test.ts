import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readLines } from '../../../src/kube/watch/lines.ts';
import { chunksOf } from '../chunks.ts';

test('lines are complete for any chunks, including characters of several bytes', async () => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .map((text) => text.replaceAll(/[\n\ud800-\udfff]/g, '·'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (lines, sizes) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const read: string[] = [];
        for await (const { text } of readLines(chunksOf(bytes, sizes), 1_000)) read.push(text);
        assert.deepEqual(read, lines);
      },
    ),
  );
});

test('a last line without a line break is given, too', async () => {
  const read: string[] = [];
  for await (const { text } of readLines(chunksOf(Buffer.from('a\nb'), [2]), 10)) read.push(text);
  assert.deepEqual(read, ['a', 'b']);
});

test('only the beginning is given of a line that is too long, and the next lines completely', async () => {
  const long = 'x'.repeat(50_000);
  for (const size of [1, 777, 1_000_000]) {
    const read: { readonly text: string; readonly isWhole: boolean }[] = [];
    for await (const line of readLines(chunksOf(Buffer.from(`a\n${long}\nb\n`), [size]), 10_000))
      read.push(line);
    assert.deepEqual(
      read.map(({ text, isWhole }) => [text[0], text.length < 20_000, isWhole]),
      [
        ['a', true, true],
        ['x', true, false],
        ['b', true, true],
      ],
    );
  }
});
