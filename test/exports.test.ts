import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const EXPORT = /^export (?:async )?(?:abstract )?(?:class|const|function\*?|interface|let|type) (\w+)/gm;

/** How many files have each word. A name of `src/` has one meaning (`test/unique-names.test.ts`). */
function countFiles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const file of globSync('{src,test,deploy}/**/*.ts', { cwd: ROOT }))
    for (const word of new Set(read(file).match(/\w+/g))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

it('what only one file uses, of tests and deploy, too, is not exported, even if an exported function has it in its signature', () => {
  const counts = countFiles();
  const exported = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) =>
    [...read(file).matchAll(EXPORT)].map(([, name = '']) => ({ name, file })),
  );
  assert.ok(exported.length > 1_000);
  assert.deepEqual(
    exported.filter(({ name }) => (counts.get(name) ?? 0) < 2),
    [],
  );
});
