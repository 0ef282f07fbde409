import { chmod, stat } from 'node:fs/promises';

/**
 * Lets everybody read a file or list a folder of ours, such as a web server that runs as another user, whatever the umask of the
 * caller is. A file system without permissions may refuse it: there its mount says who can read.
 */
export async function makePublic(path: string): Promise<void> {
  const before = await stat(path);
  const wanted = before.mode | (before.isDirectory() ? 0o555 : 0o444);
  if (wanted !== before.mode) await chmod(path, wanted & 0o7777).catch(() => {});
}
