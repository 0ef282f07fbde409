import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { execute } from '../runs/execute.ts';

/** Programs for a run in namespaces of its own; the caller adds others. */
const PROGRAMS = ['apt-get', 'dpkg-deb', 'unshare'];

/**
 * Throws a ControlPlaneError that names everything that this machine lacks for `what` (a plural, such as
 * `real nodes`): Linux, root, and programs on the PATH.
 */
export async function requireMachine(what: string, programs: readonly string[]): Promise<void> {
  const problems: string[] = [];
  if (process.platform !== 'linux') problems.push(`this is ${process.platform}, and they need Linux`);
  if (process.getuid?.() !== 0) problems.push('namespaces, mounts and networks need root: run it as root');
  for (const program of [...PROGRAMS, ...programs]) {
    const found = await execute('sh', ['-c', `command -v ${program}`]).catch(() => undefined);
    if (found === undefined) problems.push(`there is no ${program} on PATH`);
  }
  if (problems.length > 0) throw new ControlPlaneError(`${what} cannot run here: ${problems.join('; ')}`);
}
