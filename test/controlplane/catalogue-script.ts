import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { catchSignal } from '../demo/catch-signal.ts';

/** Flags of the scripts that run what a catalogue lists: faults, attacks. */
export const CATALOGUE_FLAGS = {
  short: { type: 'boolean' },
  only: { type: 'string', multiple: true },
  list: { type: 'boolean' },
  json: { type: 'string' },
} as const;

interface Entry {
  readonly name: string;
  readonly title: string;
}

/** Values of `CATALOGUE_FLAGS`. */
interface Choice {
  readonly short?: boolean;
  readonly only?: readonly string[];
}

/** The entries with a part of `only` in their names; without it all of them, or those of a short run. */
export function chooseEntries<T extends Entry>(
  entries: readonly T[],
  { short = false, only }: Choice,
  isInShort: (entry: T) => boolean,
): readonly T[] {
  return only === undefined
    ? entries.filter((entry) => !short || isInShort(entry))
    : entries.filter(({ name }) => only.some((part) => name.includes(part)));
}

/** For `--list`. Gives the exit code. */
export function printEntries(entries: readonly Entry[]): number {
  for (const { name, title } of entries) console.log(`${name}\n    ${title}`);
  return 0;
}

/** Runs `play` until it ends or a signal comes; in both cases `report` prints and writes what there is of results. */
export async function playUntilSignal(play: () => Promise<void>, report: () => Promise<void>): Promise<void> {
  const signal = catchSignal();
  const interruption = await Promise.race([signal, play().then(() => undefined)]);
  await report();
  if (interruption === undefined) return;
  console.error(`${interruption.name}: everything that was started ends with this process`);
  process.exit(interruption.exitCode);
}

/** Makes the folder of the file, too. */
export async function writeJson(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
}
