import { execute } from '../runs/execute.ts';

/**
 * The version from which users would upgrade to the checkout in `root`: the newest release before it, by its
 * tag, or its parent as long as there is no release. `undefined`: a shallow clone has neither.
 */
export async function findVersionBefore(root: string): Promise<string | undefined> {
  const git = async (...args: readonly string[]): Promise<string | undefined> => {
    try {
      return (await execute('git', ['-C', root, ...args])).stdout.trim();
    } catch {
      return undefined;
    }
  };
  const parent = await git('rev-parse', '--verify', '--quiet', '--short', 'HEAD~1');
  if (parent === undefined) return undefined;
  return (await git('describe', '--tags', '--abbrev=0', '--match=v*', parent)) ?? parent;
}
