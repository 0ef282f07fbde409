import { createHash } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists } from '../../machine/debian-packages.ts';
import type { Runner } from '../../machine/runner.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const WITH_PACKAGES = join(import.meta.dirname, '../../machine/with-packages.sh');

/** The interpreter of an environment, which can be at any path. It needs the Debian packages over /usr. */
export const PYTHON = 'bin/python';

/**
 * Makes a Python environment with pelicanfs in the cache, unless it exists, and resolves to its folder.
 * Versions and hashes of all packages are in requirements.txt. `packages` is the root of the unpacked Debian
 * packages, one of which is python3-venv.
 */
export async function makeVenv(cache: string, packages: string, run: Runner): Promise<string> {
  const key = createHash('sha256')
    .update(basename(dirname(packages)))
    .update(await readFile(REQUIREMENTS));
  const folder = join(cache, `pelicanfs-${key.digest('hex').slice(0, 12)}`);
  if (await exists(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  const python = (...args: readonly string[]) => run(WITH_PACKAGES, [packages, ...args]);
  try {
    await python('/usr/bin/python3', '-m', 'venv', unfinished);
    const pip = ['-m', 'pip', 'install', '--quiet', '--require-hashes', '--only-binary=:all:'];
    await python(join(unfinished, PYTHON), ...pip, '--requirement', REQUIREMENTS);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}
