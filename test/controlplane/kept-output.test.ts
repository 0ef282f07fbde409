import assert from 'node:assert/strict';
import { it } from 'node:test';
import { keepOutput } from './kept-output.ts';

it('all output is kept, and lines in JSON are parsed', () => {
  const output = keepOutput();
  const { parsed } = output;
  for (const line of ['{"msg":"a"}', '{half', 'words']) output.add(line);
  assert.deepEqual([output.text(), parsed], ['{"msg":"a"}\n{half\nwords\n', [{ msg: 'a' }]]);
});

it('of a process that writes for a long time, the last lines are kept', () => {
  const output = keepOutput(100);
  for (let number = 1; number <= 10_000; number += 1) output.add(`{"number":${number}}`);
  const texts = output.text().trimEnd().split('\n');
  assert.ok(texts.length >= 100 && texts.length <= 200, String(texts.length));
  assert.equal(texts.at(-1), '{"number":10000}');
  assert.deepEqual(
    output.parsed,
    texts.map((line) => JSON.parse(line)),
  );
});
