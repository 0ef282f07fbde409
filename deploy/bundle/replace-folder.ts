import { mkdtemp, rename, rm } from 'node:fs/promises';

/**
 * Makes a folder again: `fill` writes into an empty one beside it, which takes its place when all is there. If `fill` fails, or
 * the process is ended meanwhile, the former folder is whole, as an image might be built from it.
 */
export async function replaceFolder(folder: string, fill: (beside: string) => Promise<void>): Promise<void> {
  const beside = await mkdtemp(`${folder}.new-`);
  const former = `${beside}.former`;
  try {
    await fill(beside);
    await rename(folder, former).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(beside, folder);
  } finally {
    await Promise.all([beside, former].map((path) => rm(path, { recursive: true, force: true })));
  }
}
