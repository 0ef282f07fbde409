import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** `fill` takes seconds: a folder that is older was left by a process that was ended. */
const LEFT_AFTER_MS = 3_600_000;

/**
 * Makes a folder again: `fill` writes into an empty one beside it, which takes its place when all is there. If anything fails,
 * the former folder is whole, as an image might be built from it. A process that is ended meanwhile leaves the one beside it
 * (or the former one under that name, if it was about to take its place): a later call removes that.
 */
export async function replaceFolder(folder: string, fill: (beside: string) => Promise<void>): Promise<void> {
  const beside = await mkdtemp(`${folder}.new-`);
  const former = `${beside}.former`;
  try {
    await fill(beside);
    await moveIfThere(folder, former);
    await rename(beside, folder).catch(async (error: unknown) => {
      await moveIfThere(former, folder);
      throw error;
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  await rm(former, { recursive: true, force: true });
  await removeLeft(folder);
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Only now: while there is no folder, what is left may be the former one. */
async function removeLeft(folder: string): Promise<void> {
  const parent = dirname(folder);
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!name.startsWith(`${basename(folder)}.new-`)) continue;
    const changedAt = await stat(path).catch(() => undefined); // another process may have removed it
    if (changedAt !== undefined && Date.now() - changedAt.mtimeMs > LEFT_AFTER_MS)
      await rm(path, { recursive: true, force: true });
  }
}
