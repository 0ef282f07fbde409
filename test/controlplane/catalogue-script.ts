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

/** The entries whose names contain a part of `only`. Without it: all entries, or those of a short run. */
export function chooseEntries<T extends Entry>(
  entries: readonly T[],
  { short = false, only }: Choice,
  isInShort: (entry: T) => boolean,
): readonly T[] {
  return only === undefined
    ? entries.filter((entry) => !short || isInShort(entry))
    : entries.filter(({ name }) => only.some((part) => name.includes(part)));
}

/** Prints the list for `--list`. Gives the exit code. */
export function printEntries(entries: readonly Entry[]): number {
  for (const { name, title } of entries) console.log(`${name}\n    ${title}`);
  return 0;
}

/**
 * Runs `play` until it ends or a signal comes. In both cases `report` prints and writes the results so far.
 */
export async function playUntilSignal(play: () => Promise<void>, report: () => Promise<void>): Promise<void> {
  const signal = catchSignal();
  const interruption = await Promise.race([signal, play().then(() => undefined)]);
  await report();
  if (interruption === undefined) return;
  console.error(`${interruption.name}: everything that was started ends with this process`);
  process.exit(interruption.exitCode);
}

/** Writes JSON. Also makes the folder of the file. */
export async function writeJson(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
}
