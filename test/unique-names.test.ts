import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const EXPORT = /^export (?:async )?(?:abstract )?(?:class|const|function\*?|interface|type) (\w+)/gm;

const files = globSync('src/**/*.ts', { cwd: ROOT });

/** The names that several places have, with those places. */
function findShared(named: readonly (readonly [name: string, place: string])[]): readonly string[] {
  const places = Map.groupBy(named, ([name]) => name);
  return [...places].flatMap(([name, all]) => {
    const distinct = new Set(all.map(([, place]) => place));
    return distinct.size > 1 ? [`${name}: ${[...distinct].join(', ')}`] : [];
  });
}

it('no two files in src/ have the same name: a name means one thing', () => {
  assert.ok(files.length > 100);
  assert.deepEqual(findShared(files.map((file) => [basename(file), file])), []);
});

it('no two files in src/ export the same name', () => {
  const named = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(EXPORT)].map(
      ([, name = '']) => [name, file] as const,
    ),
  );
  assert.ok(named.length > 500);
  assert.deepEqual(findShared(named), []);
});
