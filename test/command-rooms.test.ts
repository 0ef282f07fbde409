import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const COMMANDS = join(ROOT, 'src/commands');
/** The only file that may name the file of each verb, which is loaded when it is called. */
const TABLE = 'all-commands.ts';
/** For example `certs/certificate-report.ts -> doctor/finding.ts`, and the reason why that cannot move to a shared room. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

const LOADED = /\bimport\('(\.[^']+)'/g;
const IMPORTED = /(?:\bfrom |\bimport |\bimport\()'(\.[^']+)'/g;

const files = globSync('**/*.ts', { cwd: COMMANDS }).toSorted();
const verbs = new Set(importsOf(TABLE, LOADED).map(roomOf));

/** `certs` for `certs.ts` and for everything in `certs/`. */
function roomOf(file: string): string {
  return file.replace(/(?:\/.*|\.ts)$/, '');
}

/** What a file imports of src/commands. */
function importsOf(file: string, pattern = IMPORTED): readonly string[] {
  const text = readFileSync(join(COMMANDS, file), 'utf8');
  return [...text.matchAll(pattern)]
    .map(([, path = '']) => join(dirname(file), path))
    .filter((path) => !path.startsWith('..'));
}

/** The imports from one room into another. */
const crossings = files
  .filter((file) => file !== TABLE)
  .flatMap((from) => importsOf(from).map((to) => ({ from, to })))
  .filter(({ from, to }) => roomOf(from) !== roomOf(to));

describe('the rooms of src/commands', () => {
  it('are those of a verb, which have its name, and those that are shared', () => {
    assert.ok(verbs.size > 10 && crossings.length > 100);
    for (const verb of verbs) assert.ok(files.includes(`${verb}.ts`), `${verb} is a room without a verb`);
    const [, table = ''] = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8').split(
      '\n## The commands',
    );
    const named = [...table.matchAll(/^\| \[src\/commands\/([\w-]+)\]/gm)].map(([, room = '']) => room);
    const rooms = new Set(files.filter((file) => file.includes('/')).map(roomOf));
    assert.deepEqual(named.toSorted(), [...rooms.difference(verbs)].toSorted());
  });

  it('do not import from the room of a verb: code that another verb needs, too, is in a shared room', () => {
    const found = crossings
      .filter(({ to }) => verbs.has(roomOf(to)))
      .map(({ from, to }) => `${from} -> ${to}`);
    assert.deepEqual(found.toSorted(), Object.keys(EXCEPTIONS).toSorted());
  });

  it('import each other one way: there is no circle of rooms', () => {
    const edges = crossings.map(({ from, to }) => [roomOf(from), roomOf(to)] as const);
    let left = edges;
    for (let before = -1; before !== left.length;) {
      before = left.length;
      const [importing, imported] = [
        new Set(left.map(([room]) => room)),
        new Set(left.map(([, room]) => room)),
      ];
      left = left.filter(([from, to]) => importing.has(to) && imported.has(from));
    }
    assert.deepEqual([...new Set(left.map((edge) => edge.join(' -> ')))], []);
  });
});
