import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayBeAlive } from './process-identity.ts';

const POLL_MS = 250; // a build takes minutes, and a check is one small read

/**
 * Waits until the lock file `path` is ours: it then holds `owner` (see `identifyProcess`). A lock whose owner
 * is not running any more is taken over. `onWait` is called once, with the current owner. The lock only saves
 * work: two builds do not harm each other, because each finished folder is renamed as a whole.
 */
export async function waitForLock(
  path: string,
  owner: string,
  onWait: (owner: string) => void,
): Promise<void> {
  const candidate = `${path}.${owner}`;
  await writeFile(candidate, owner);
  try {
    for (let waited = false; ;) {
      if (await tryLink(candidate, path)) return;
      const holder = await readOwner(path);
      if (holder === undefined) continue; // just released
      if (!mayBeAlive(holder)) {
        await takeAway(path, candidate, holder);
        continue;
      }
      if (!waited) onWait(holder);
      waited = true;
      await sleep(POLL_MS);
    }
  } finally {
    await rm(candidate, { force: true });
  }
}

/**
 * Removes the lock of a dead owner. If another process has already replaced it by its own lock, puts that
 * back.
 */
async function takeAway(path: string, candidate: string, dead: string): Promise<void> {
  const aside = `${candidate}.aside`;
  try {
    await rename(path, aside);
  } catch {
    return; // another process has removed it
  }
  if ((await readOwner(aside)) !== dead) await tryLink(aside, path);
  await rm(aside, { force: true });
}

/** link(2) makes a file with its content in one step, or fails if it exists. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function readOwner(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
