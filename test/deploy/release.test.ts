import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, symlink, type DisposableTempDir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const RELEASE = join(import.meta.dirname, '../../deploy/release');

function release(args: readonly string[], env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] }) {
  const { status, stdout, stderr } = spawnSync(RELEASE, args, { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

/** A folder with these programs of the machine, some of them under another one's name. */
async function folderWith(
  names: readonly string[],
  instead: Readonly<Record<string, 'true' | 'false'>> = {},
): Promise<DisposableTempDir> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-release-'));
  for (const [name, program] of [...names.map((one) => [one, one]), ...Object.entries(instead)]) {
    const path = spawnSync('which', [program ?? ''], { encoding: 'utf8' }).stdout.trim();
    await symlink(path, join(folder.path, name ?? ''));
  }
  return folder;
}

/** `npm run e2e` tests what it builds, pushes and signs. */
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

  it('names the missing program', async () => {
    await using folder = await folderWith(['bash', 'dirname']);
    const { status, stderr } = release(['a:1'], { PATH: folder.path });
    assert.equal(status, 3);
    assert.match(stderr, /^release: npm is not installed$/m);
  });

  it('builds and pushes nothing if it must sign and cannot', async () => {
    await using folder = await folderWith(['bash', 'dirname', 'npm', 'node', 'git'], { buildah: 'false' });
    const { status, stdout, stderr } = release(['--push', 'a:1'], {
      PATH: folder.path,
      COSIGN_KEY: 'my.key',
    });
    assert.deepEqual([status, stdout], [3, '']);
    assert.match(stderr, /^release: COSIGN_KEY names a key, but cosign is not installed$/m);
  });

  it('names the command that failed, and ends with 3', async () => {
    const instead = { npm: 'true', node: 'true', git: 'true', buildah: 'true', mktemp: 'false' } as const;
    await using folder = await folderWith(['bash', 'dirname'], instead);
    const { status, stdout, stderr } = release(['a:1'], { PATH: folder.path });
    assert.deepEqual([status, stdout], [3, '']);
    assert.match(stderr, /^release: line \d+: folder=\$\(mktemp -d\)$/m);
  });
});
