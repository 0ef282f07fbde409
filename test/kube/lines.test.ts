import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readLines } from '../../src/kube/lines.ts';

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (let i = 0; start < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

test('lines come out whole wherever the chunks are cut, characters of several bytes included', async () => {
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
        for await (const text of readLines(chunksOf(bytes, sizes), 1_000)) read.push(text);
        assert.deepEqual(read, lines);
      },
    ),
  );
});

test('a last line without its break comes out too', async () => {
  const read: string[] = [];
  for await (const text of readLines(chunksOf(Buffer.from('a\nb'), [2]), 10)) read.push(text);
  assert.deepEqual(read, ['a', 'b']);
});

test('a line without end is given up before it fills the memory', async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent += 1_000;
      yield Buffer.alloc(1_000, 'x');
    }
  }
  await assert.rejects(async () => {
    for await (const text of readLines(endless(), 10_000)) assert.fail(text);
  }, RangeError);
  assert.ok(sent <= 12_000);
});
