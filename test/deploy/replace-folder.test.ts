import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { replaceFolder } from '../../deploy/bundle/replace-folder.ts';

/** An empty folder that is gone after the test, and the path of `dist` in it. */
async function makeCheckout(t: TestContext): Promise<{ readonly checkout: string; readonly dist: string }> {
  const made = await mkdtempDisposable(join(tmpdir(), 'replace-folder-'));
  t.after(() => made.remove());
  return { checkout: made.path, dist: join(made.path, 'dist') };
}

const write = (text: string) => (folder: string) => writeFile(join(folder, 'main.js'), text);
const textIn = (folder: string): Promise<string> => readFile(join(folder, 'main.js'), 'utf8');

describe('a folder that is made again', () => {
  it('has only what it was filled with, and nothing stays beside it', async (t) => {
    const { checkout, dist } = await makeCheckout(t);
    await replaceFolder(dist, write('first'));
    await writeFile(join(dist, 'old.js'), '');
    await replaceFolder(dist, write('second'));
    assert.deepEqual([await readdir(checkout), await readdir(dist)], [['dist'], ['main.js']]);
    assert.equal(await textIn(dist), 'second');
  });

  for (const [when, fail] of Object.entries({
    'filling fails': async (folder: string) => {
      await write('half')(folder);
      throw new Error('no space');
    },
    'the new one cannot take its place': (folder: string) => rm(folder, { recursive: true }),
  })) {
    it(`is the former one when ${when}`, async (t) => {
      const { checkout, dist } = await makeCheckout(t);
      await assert.rejects(replaceFolder(dist, fail));
      assert.deepEqual(await readdir(checkout), []);
      await replaceFolder(dist, write('first'));
      await assert.rejects(replaceFolder(dist, fail));
      assert.deepEqual(await readdir(checkout), ['dist']);
      assert.equal(await textIn(dist), 'first');
    });
  }

  it('is rid of what a process left that was ended, but not of what another one is filling', async (t) => {
    const { checkout, dist } = await makeCheckout(t);
    const yesterday = Date.now() / 1000 - 86_400;
    for (const name of ['dist.new-ended', 'dist.new-killed.former', 'dist.old', 'dist.new-running']) {
      await mkdir(join(checkout, name));
      await write('')(join(checkout, name));
      if (name !== 'dist.new-running') await utimes(join(checkout, name), yesterday, yesterday);
    }
    await replaceFolder(dist, write('new'));
    assert.deepEqual((await readdir(checkout)).toSorted(), ['dist', 'dist.new-running', 'dist.old']);
  });
});
