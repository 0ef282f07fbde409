import { execFile } from 'node:child_process';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

/** Makes the bundle in a copy of the checkout; `npm ci`, which would do it, is spared. Gives the folder. */
export async function bundleIn(checkout: string, command = 'npm run build'): Promise<string> {
  for (const name of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'README.md', 'deploy', 'src'])
    await copy(join(ROOT, name), join(checkout, name));
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  await promisify(execFile)('sh', ['-c', command], { cwd: checkout });
  return checkout;
}

/** Files and folders; what is needed above `to` is made. */
export async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}
