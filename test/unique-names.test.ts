import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
/** At the top level of a file, exported or not. */
const DECLARATION =
  /^(export )?(?:async )?(?:abstract )?(?:class|const|function\*?|interface|let|type) (\w+)/gm;

/**
 * What each command calls, for itself, its table of flags, what it reads from them with the type of that, and its text of help:
 * one form, in one kind of file.
 */
const IN_EACH_COMMAND: ReadonlySet<string> = new Set(['FLAGS', 'HELP', 'Options', 'readOptions']);
/** `src/commands/NAME.ts`. */
const COMMAND_FILE = /^src\/commands\/[^/]+\.ts$/;

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

it('no two files in src/ declare the same name, not even without exporting it', () => {
  const named = files.flatMap(declaredIn);
  assert.ok(named.length > 1_500);
  assert.deepEqual(findShared(named), []);
});

function declaredIn(file: string): readonly (readonly [name: string, file: string])[] {
  const declarations = [...readFileSync(join(ROOT, file), 'utf8').matchAll(DECLARATION)];
  return declarations.flatMap(([, exported, name = '']) => {
    const isOfEachCommand = exported === undefined && IN_EACH_COMMAND.has(name) && COMMAND_FILE.test(file);
    return isOfEachCommand ? [] : [[name, file] as const];
  });
}
