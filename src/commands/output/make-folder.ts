import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { member } from '../../resources/json.ts';

/**
 * Creates a folder and its parents, unless they exist. Returns the new ones, parents first. Throws as `mkdir` of Node, which with
 * `recursive` never ends on a file system that takes no new names (`/proc`, autofs): the child is missing, the parent is there.
 */
export async function makeFolder(path: string): Promise<readonly string[]> {
  if (await isThere(path)) return [];
  const parent = dirname(path);
  const parents = parent === path ? [] : await makeFolder(parent);
  try {
    await mkdir(path);
    return [...parents, path];
  } catch (error) {
    // Somebody else has made it meanwhile; what is not a folder shows when a file is made in it.
    if (member(error, 'code') === 'EEXIST') return parents;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (member(error, 'code') === 'ENOENT') return false;
    throw error;
  }
}
