import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGit } from './git.ts';

const ROOT = join(import.meta.dirname, '../..');

/** One version of the product: its manifests and its program. */
export interface Checkout extends AsyncDisposable {
  /** Its name in the table. */
  readonly name: string;
  readonly root: string;
  readonly entry: string;
}

/** The present checkout. */
export const PRESENT: Checkout = {
  name: 'present',
  root: ROOT,
  entry: join(ROOT, 'src/main.ts'),
  [Symbol.asyncDispose]: async () => {},
};

/**
 * A version of the history, checked out beside this one until it is disposed of, with the packages of this
 * one. Throws a ControlPlaneError with git's message.
 */
export async function openCheckout(ref: string): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-upgrade-'));
  const root = join(folder, 'checkout');
  try {
    const commit = await runGit(ROOT, 'rev-parse', '--verify', '--short', `${ref}^{commit}`);
    await runGit(ROOT, 'worktree', 'add', '--quiet', '--detach', root, commit);
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    return {
      name: commit,
      root,
      entry: join(root, 'src/main.ts'),
      [Symbol.asyncDispose]: async () => {
        await runGit(ROOT, 'worktree', 'remove', '--force', root);
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
