import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { chooseEntry } from './choose-entry.ts';

describe('the program that tests and the demo start', () => {
  it('is the bundle, unless a source is newer', async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'jwt-entry-'));
    t.after(() => rm(root, { recursive: true }));
    await Promise.all(['src/server', 'dist'].map((name) => mkdir(join(root, name), { recursive: true })));
    const source = join(root, 'src/server/app.ts');
    await writeFile(source, '');
    assert.equal((await chooseEntry(root)).file, 'src/main.ts');
    await writeFile(join(root, 'dist/main.js'), '');
    await utimes(source, 1, 1);
    assert.equal((await chooseEntry(root)).file, 'dist/main.js');
    const tomorrow = Date.now() / 1000 + 86_400;
    await utimes(source, tomorrow, tomorrow);
    assert.match((await chooseEntry(root)).why, /older: npm run build/);
  });
});
