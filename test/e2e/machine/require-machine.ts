import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';

/** Programs of the machine itself: of util-linux, tar, git, npm, and apt. */
const PROGRAMS = ['apt-get', 'dpkg-deb', 'git', 'npm', 'tar', 'unshare'];

/** Throws a ControlPlaneError that names all that this machine lacks for real nodes. */
export async function requireMachine(): Promise<void> {
  const problems: string[] = [];
  if (process.platform !== 'linux') problems.push(`this is ${process.platform}, and nodes need Linux`);
  if (process.getuid?.() !== 0) problems.push('namespaces, mounts and networks need root: run it as root');
  for (const program of PROGRAMS) {
    const found = await promisify(execFile)('sh', ['-c', `command -v ${program}`]).catch(() => undefined);
    if (found === undefined) problems.push(`there is no ${program} on PATH`);
  }
  if (problems.length > 0) throw new ControlPlaneError(`real nodes cannot run here: ${problems.join('; ')}`);
}
