import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runner, RunOptions } from '../../machine/runner.ts';

const WITH_PACKAGES = join(import.meta.dirname, '../../machine/with-packages.sh');

/** Runs programs that can call buildah. Its images are only stored in `folder`. */
export async function createBuildah(run: Runner, packages: string, folder: string): Promise<Runner> {
  await mkdir(join(folder, 'tmp'), { recursive: true });
  const settings = join(folder, 'storage.conf');
  // The nodes need the kernel's overlays, too; the driver vfs would copy all files for each layer.
  const places = ['storage', 'storage-run'].map((name) => JSON.stringify(join(folder, name)));
  await writeFile(
    settings,
    `[storage]\ndriver = "overlay"\ngraphroot = ${places[0]}\nrunroot = ${places[1]}\n`,
  );
  const env = { CONTAINERS_STORAGE_CONF: settings, TMPDIR: join(folder, 'tmp') };
  return (file: string, args: readonly string[], options: RunOptions = {}) =>
    run(WITH_PACKAGES, [packages, file, ...args], { ...options, env: { ...env, ...options.env } });
}
