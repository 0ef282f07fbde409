import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const MOUNTED = '/sys/fs/cgroup';

/**
 * Makes a cgroup called `name` in each hierarchy, and resolves to their folders; the caller removes them. In
 * hierarchies of version 1 it is below our own. Version 2 delegates no controllers below a cgroup with
 * processes, so there it is below the root.
 */
export async function makeCgroups(name: string): Promise<readonly string[]> {
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n');
  const folders = lines.map((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (lines.length === 1) return join(MOUNTED, name);
    const hierarchy = controllers === '' ? 'unified' : controllers.replace(/^name=/, '');
    return join(MOUNTED, hierarchy, path, name);
  });
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
    if (folder.startsWith(join(MOUNTED, 'cpuset/'))) await fillCpuset(folder);
  }
  return folders;
}

/** A new cpuset has neither processors nor memory, so that nothing could run in it. */
async function fillCpuset(folder: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    await writeFile(join(folder, file), await readFile(join(dirname(folder), basename(file))));
}
