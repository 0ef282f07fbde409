import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diffLines } from '../../../src/commands/output/diff-lines.ts';

const show = (before: string, after: string): readonly string[] =>
  diffLines(before, after).map(({ sign, text }) => sign + text);

describe('the difference of two texts', () => {
  it('is the fewest lines, removed ones before added ones', () => {
    assert.deepEqual(show('a\nb\nc\n', 'a\nx\nc\nd\n'), [' a', '-b', '+x', ' c', '+d']);
    assert.deepEqual(show('a\nb', 'a\nb\n'), [' a', ' b']);
  });

  it('is all of both when they have too little in common', () => {
    const lines = (word: string): string[] => Array.from({ length: 1_500 }, (_, index) => `${word} ${index}`);
    const [before, after] = [
      ['same', ...lines('old')],
      ['same', ...lines('new')],
    ];
    assert.deepEqual(show(before.join('\n'), after.join('\n')), [
      ...before.map((line) => `-${line}`),
      ...after.map((line) => `+${line}`),
    ]);
  });
});
