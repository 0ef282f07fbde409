import { runGit } from './git.ts';

/**
 * The version from which users would upgrade to the checkout in `root`: the newest release before it, by its
 * tag, or its parent as long as there is no release. `undefined`: the history ends with the present commit, as
 * in a shallow clone. Throws a ControlPlaneError if git cannot read the checkout.
 */
export async function findVersionBefore(root: string): Promise<string | undefined> {
  const [, parent] = (await runGit(root, 'rev-list', '--parents', '--max-count=1', 'HEAD')).split(' ');
  if (parent === undefined) return undefined;
  const newest = runGit(root, 'describe', '--tags', '--abbrev=0', '--match=v*', parent);
  return newest.catch(() => parent); // git fails if there is no such tag
}
