import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const EXPORT = /^export (?:async )?(?:abstract )?(?:class|const|function\*?|interface|let|type) (\w+)/gm;

/** Files that have the word, by word: `test/unique-names.test.ts` holds that a name of `src/` has one meaning. */
function findWords(): ReadonlyMap<string, number> {
  const files = globSync(['src/**/*.ts', 'test/**/*.ts', 'deploy/**/*.ts'], { cwd: ROOT });
  const words = files.flatMap((file) => [...new Set(read(file).match(/\w+/g))]);
  return new Map([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

it('what only one file uses is not exported, even if an exported function has it in its signature', () => {
  const words = findWords();
  const exported = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) =>
    [...read(file).matchAll(EXPORT)].map(([, name = '']) => ({ name, file })),
  );
  assert.ok(exported.length > 1_000);
  assert.deepEqual(
    exported.filter(({ name }) => (words.get(name) ?? 0) < 2),
    [],
  );
});
