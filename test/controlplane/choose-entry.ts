import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The program to run, as a path from the checkout's root, and the reason. */
export interface Entry {
  readonly file: string;
  readonly why: string;
}

/**
 * Chooses the bundle, which users get, if it exists and no source is newer; else the sources, so that nobody
 * tests old code. The bundle starts in a third of the time.
 */
export async function chooseEntry(root = ROOT): Promise<Entry> {
  const built = await readTime(join(root, 'dist/main.js'));
  if (built === undefined) return { file: 'src/main.ts', why: 'dist is not built' };
  const sources = await readdir(join(root, 'src'), { recursive: true });
  const files = sources.filter((name) => name.endsWith('.ts')).map((name) => join('src', name));
  const times = await Promise.all([...files, 'package-lock.json'].map((name) => readTime(join(root, name))));
  const isOld = times.some((time) => time !== undefined && time > built);
  return isOld
    ? { file: 'src/main.ts', why: 'dist is older: npm run build' }
    : { file: 'dist/main.js', why: 'as installed' };
}

/** Path of the program that `chooseEntry` chooses. */
export async function findProgram(): Promise<string> {
  return join(ROOT, (await chooseEntry()).file);
}

/** The time of the last write in milliseconds; undefined if the file does not exist. */
async function readTime(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
