import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Instrumenter } from '@stryker-mutator/instrumenter';

/** A small change of the sources that should make a test fail. */
export interface Mutant {
  readonly id: number;
  readonly file: string;
  /** From 1, as editors count. */
  readonly line: number;
  readonly original: string;
  readonly replacement: string;
}

/** Sources with all mutants in them, for the tests. Each mutant is inactive until its id is set. */
export interface Instrumented {
  readonly mutants: readonly Mutant[];
  /** The text of each file by its URL. */
  readonly sources: Readonly<Record<string, string>>;
}

const nothing = (): void => undefined;
const no = (): boolean => false;
/** Switches off StrykerJS' log. */
const SILENT = {
  isTraceEnabled: no,
  isDebugEnabled: no,
  isInfoEnabled: no,
  isWarnEnabled: no,
  isErrorEnabled: no,
  isFatalEnabled: no,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};

/**
 * Replaces StrykerJS' switches, `stryMutAct_9fa48("7")` and `stryCov_9fa48("7", "8")`, by those of
 * `use-mutants.ts`: an array takes a tenth of the time of its functions, and the largest pods execute
 * millions of them.
 */
function quickSwitches(source: string): string {
  return source
    .replaceAll(/stryMutAct_9fa48\("(\d+)"\)/g, '(mutants.active[0] === $1 && mutants.pass())')
    .replaceAll(/stryCov_9fa48\(((?:"\d+"(?:, )?)+)\)/g, (_, ids: string) => {
      const counts = [...ids.matchAll(/\d+/g)].map(([id]) => `mutants.reached[${id}]++`);
      return `(${counts.join(', ')})`;
    });
}

/** Adds all of StrykerJS' mutants to the files (paths from the working directory). */
export async function instrument(files: readonly string[]): Promise<Instrumented> {
  const contents = new Map<string, string>();
  for (const file of files) contents.set(file, await readFile(file, 'utf8'));
  const given = [...contents].map(([name, content]) => ({ name, content, mutate: true }));
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const { files: changed, mutants } = await new Instrumenter(SILENT).instrument(given, options);
  return {
    sources: Object.fromEntries(
      changed.map(({ name, content }) => [pathToFileURL(name).href, quickSwitches(content)]),
    ),
    mutants: mutants.map(({ id, fileName, location: { start, end }, replacement }) => {
      const lines = (contents.get(fileName) ?? '').split('\n').slice(start.line, end.line + 1);
      const last = lines.length - 1;
      const cut = lines.map((line, index) => (index === last ? line.slice(0, end.column) : line));
      const original = cut.map((line, index) => (index === 0 ? line.slice(start.column) : line)).join('\n');
      return { id: Number(id), file: fileName, line: start.line + 1, original, replacement };
    }),
  };
}
