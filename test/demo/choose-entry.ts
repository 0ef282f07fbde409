import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** What to run, from the checkout's root, and why. */
export interface Entry {
  readonly file: string;
  readonly why: string;
}

/**
 * The compiled service, as a user gets it, if it is there and no source is newer; else the sources themselves, so that
 * nobody looks at the demo of yesterday's code.
 */
export async function chooseEntry(root = ROOT): Promise<Entry> {
  const built = await readTime(join(root, 'dist/main.js'));
  if (built === undefined) return { file: 'src/main.ts', why: 'dist is not built' };
  const sources = await readdir(join(root, 'src'), { recursive: true });
  const times = await Promise.all(
    sources.filter((name) => name.endsWith('.ts')).map((name) => readTime(join(root, 'src', name))),
  );
  const isOld = times.some((time) => time !== undefined && time > built);
  return isOld
    ? { file: 'src/main.ts', why: 'dist is older: npm run build' }
    : { file: 'dist/main.js', why: 'as installed' };
}

/** When a file was last written, milliseconds; undefined if there is none. */
async function readTime(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
