import { cp, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chooseEntry } from '../controlplane/choose-entry.ts';
import { execute } from '../runs/execute.ts';

const ROOT = join(import.meta.dirname, '../..');

const FILES = ['package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'README.md', 'deploy', 'src'];

/** Makes the bundle in a copy of the checkout; `npm ci`, which would do it, is spared. Gives the folder. */
export async function bundleIn(checkout: string, command = 'npm run build'): Promise<string> {
  for (const name of FILES) await copy(join(ROOT, name), join(checkout, name));
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  await execute('sh', ['-c', command], { cwd: checkout });
  return checkout;
}

/** As `bundleIn`, with the bundle that is there already if no source is newer. */
export async function copyWithBundle(checkout: string): Promise<string> {
  if ((await chooseEntry()).file !== 'dist/main.js') return bundleIn(checkout);
  for (const name of [...FILES, 'dist']) await copy(join(ROOT, name), join(checkout, name));
  return checkout;
}

/** Files and folders; what is needed above `to` is made. */
export async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}
