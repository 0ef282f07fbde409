import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { execute } from '../runs/execute.ts';

/** Runs git in the checkout `root`. Gives its output without white space around it. Throws a ControlPlaneError with git's message. */
export async function runGit(root: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await execute('git', ['-C', root, ...args])).stdout.trim();
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new ControlPlaneError(`git ${args.join(' ')}: ${words === '' ? String(error) : words}`, {
      cause: error,
    });
  }
}
