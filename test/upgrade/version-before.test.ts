import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { execute } from '../runs/execute.ts';
import { findVersionBefore } from './version-before.ts';

const AUTHOR = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];

describe('the version before an upgrade', { concurrency: false }, () => {
  let folder: string;
  let root: string;
  const git = async (...args: readonly string[]): Promise<string> =>
    (await execute('git', ['-C', root, ...AUTHOR, ...args])).stdout.trim();
  const commit = async (): Promise<string> => {
    await git('commit', '--quiet', '--allow-empty', '--message=a');
    return git('rev-parse', 'HEAD');
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-history-'));
    root = join(folder, 'origin');
    await execute('git', ['init', '--quiet', root]);
  });
  after(() => rm(folder, { recursive: true }));

  it('is not known for the first commit', async () => {
    await commit();
    assert.equal(await findVersionBefore(root), undefined);
  });

  it('is the parent as long as nothing was released, even if the present one is being released', async () => {
    const parent = await git('rev-parse', 'HEAD');
    await commit();
    assert.equal(await findVersionBefore(root), parent);
    await git('tag', 'v1.0.0');
    assert.equal(await findVersionBefore(root), parent);
  });

  it('is the newest release before; other tags do not count', async () => {
    await commit();
    await git('tag', 'trial');
    await commit();
    assert.equal(await findVersionBefore(root), 'v1.0.0');
    await git('tag', 'v1.1.0');
    assert.equal(await findVersionBefore(root), 'v1.0.0');
    await commit();
    assert.equal(await findVersionBefore(root), 'v1.1.0');
  });

  it('is not known in a shallow clone', async () => {
    const clone = join(folder, 'clone');
    await execute('git', ['clone', '--quiet', '--depth=1', pathToFileURL(root).href, clone]);
    assert.equal(await findVersionBefore(clone), undefined);
  });

  it('is an error with the message of git if git cannot read the checkout', async () => {
    const plain = join(folder, 'plain');
    await mkdir(plain);
    await assert.rejects(findVersionBefore(plain), (error) => {
      assert.ok(error instanceof ControlPlaneError);
      assert.match(error.message, /^git rev-list .*: fatal: not a git repository/);
      return true;
    });
  });
});
