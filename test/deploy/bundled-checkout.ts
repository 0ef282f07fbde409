import { cp, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chooseEntry } from '../controlplane/choose-entry.ts';
import { execute } from '../runs/execute.ts';

const ROOT = join(import.meta.dirname, '../..');

const FILES = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  '.dockerignore',
  'Dockerfile',
  'LICENSE',
  'README.md',
  'deploy',
  'src',
  'test/require-node.cjs',
];

/** Copies the sources of bundle, image and plugin, without `node_modules`. */
export async function copySources(checkout: string): Promise<void> {
  for (const name of FILES) await copy(join(ROOT, name), join(checkout, name));
}

/**
 * Makes the bundle in a copy of the checkout, without `npm ci`, which would do it as well. Gives the folder.
 */
export async function bundleIn(checkout: string, command = 'npm run build'): Promise<string> {
  await copySources(checkout);
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  await execute('sh', ['-c', command], { cwd: checkout });
  return checkout;
}

/** As `bundleIn`, but with the existing bundle if no source is newer. */
export async function copyWithBundle(checkout: string): Promise<string> {
  if ((await chooseEntry()).file !== 'dist/main.js') return bundleIn(checkout);
  await copySources(checkout);
  await copy(join(ROOT, 'dist'), join(checkout, 'dist'));
  return checkout;
}

/** Copies files and folders, and makes the folders above `to`. */
export async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}
