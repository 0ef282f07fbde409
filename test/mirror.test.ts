import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

/** Tests of the whole loop, with the model in `test/loop/model/`. */
const OF_A_WHOLE_ROOM: ReadonlySet<string> = new Set(['test/loop/laws.test.ts']);

describe('the tests of a file in src/', () => {
  const rooms = globSync('*/', { cwd: join(ROOT, 'src') });
  const files = rooms.flatMap((room) => globSync(`test/${room}/**/*.test.ts`, { cwd: ROOT }));

  it('are found by its name, to which a hyphen and what they are about may be added', () => {
    assert.ok(files.length > 100);
    const lost = files.filter((file) => !OF_A_WHOLE_ROOM.has(file) && !hasSource(file));
    assert.deepEqual(lost, []);
  });
});

/** Whether `src/` has a file in the same folder whose name is that of the test, or its beginning. */
function hasSource(test: string): boolean {
  const folder = dirname(test).replace(/^test\//, 'src/');
  const words = basename(test)
    .replace(/(?:\.(?:integration|load))?\.test\.ts$/, '')
    .split('-');
  return words.some((_, index) =>
    existsSync(join(ROOT, folder, `${words.slice(0, index + 1).join('-')}.ts`)),
  );
}
