import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const EXPORT = /^export (?:async )?(?:abstract )?(?:class|const|function\*?|interface|type) (\w+)/gm;
/** At the top level of a file, exported or not. */
const DECLARATION =
  /^(?:export )?(?:async )?(?:abstract )?(?:class|const|function\*?|interface|let|type) (\w+)/gm;

/** Constants and types at the top level of a file, exported or not. */
const CONSTANT_OR_TYPE = /^(?:export )?(?:const ([A-Z][A-Z0-9_]+)|(?:interface|type) (\w+))\b/gm;
/** What each command calls its table of flags, their type and its text of help. */
const IN_EACH_COMMAND: ReadonlySet<string> = new Set(['FLAGS', 'HELP', 'Options']);
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

it('what a file in src/ exports has a name that no other file declares', () => {
  const exported = new Set(namedIn(EXPORT).map(([name]) => name));
  assert.ok(exported.size > 500);
  assert.deepEqual(findShared(namedIn(DECLARATION).filter(([name]) => exported.has(name))), []);
});

it('no two files in src/ declare constants or types of one name, not even for themselves', () => {
  const named = namedIn(CONSTANT_OR_TYPE).filter(
    ([name, file]) => !(IN_EACH_COMMAND.has(name) && COMMAND_FILE.test(file)),
  );
  assert.ok(named.length > 500);
  assert.deepEqual(findShared(named), []);
});

function namedIn(pattern: RegExp): readonly (readonly [name: string, file: string])[] {
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(pattern)].map(
      ([, ...names]) => [names.find((name) => name !== undefined) ?? '', file] as const,
    ),
  );
}
