import { join } from 'node:path';
import { copySources } from '../../deploy/bundled-checkout.ts';
import type { Runner } from '../../machine/runner.ts';
import type { Checkout } from './product-image.ts';

/** Files that are made with it are readable by their owner only. */
const UMASK = '077';

/**
 * Makes in `folder` what git and npm would make for a user with this umask, including uncommitted changes.
 * git still uses `root`, so that the commit is the same.
 */
export async function makePrivateCheckout(run: Runner, root: string, folder: string): Promise<Checkout> {
  await copySources(folder);
  await run('cp', ['--archive', '--reflink=auto', join(root, 'node_modules'), folder]);
  await run('chmod', ['--recursive', 'go=', folder]);
  const gitDir = await run('git', [
    '-c',
    `safe.directory=${root}`,
    '-C',
    root,
    'rev-parse',
    '--absolute-git-dir',
  ]);
  return { root: folder, umask: UMASK, env: { GIT_DIR: gitDir.trim(), GIT_WORK_TREE: root } };
}
