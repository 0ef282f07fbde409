import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const RELEASE = join(import.meta.dirname, '../../deploy/release');

function release(args: readonly string[], path = process.env['PATH']) {
  const { status, stdout, stderr } = spawnSync(RELEASE, args, {
    encoding: 'utf8',
    env: { PATH: path },
  });
  return { status, stdout, stderr };
}

/** What it builds is seen by `npm run e2e`. */
describe('deploy/release', () => {
  it('explains itself', () => {
    const { status, stdout } = release(['--help']);
    assert.equal(status, 0);
    assert.match(stdout, /^Builds the image for all architectures/);
    for (const word of ['--push', '--out', '--plugin', 'NODE_IMAGE', 'SOURCE_DATE_EPOCH', 'cosign'])
      assert.ok(stdout.includes(word), word);
  });

  for (const [args, words] of [
    [[], /name an image/],
    [['a:1', 'b:2'], /one image, not a:1 and b:2/],
    [['registry.example:5000/a'], /has no tag/],
    [['--pish', 'a:1'], /unknown flag --pish/],
    [['a:1', '--out'], /--out needs a file/],
    [['a:1', '--plugin'], /--plugin needs a folder/],
    [['--plugin', 'x', 'a:1'], /--plugin needs REPOSITORY/],
  ] as const) {
    it(`refuses "${args.join(' ')}" before it does anything`, () => {
      const { status, stdout, stderr } = release(args);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, words);
    });
  }

  it('names the program that lacks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-release-'));
    try {
      for (const name of ['bash', 'dirname']) {
        const path = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
        await symlink(path, join(folder, name));
      }
      const { status, stderr } = release(['a:1'], folder);
      assert.equal(status, 3);
      assert.match(stderr, /^release: npm is not installed$/m);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
