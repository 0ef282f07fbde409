import { parseArgs } from 'node:util';
import type { Flag, Flags } from '../config/flag.ts';
import { isNamespaceName, MAX_DNS_LABEL } from '../resources/object-name.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { parseGoDuration } from '../time/format-time.ts';
import type { Milliseconds } from '../time/units.ts';

/** Every command has it. */
const HELP_FLAG = { help: { type: 'boolean', short: 'h', help: 'print this text' } } as const;

/** The values of flags as `parseArgs` gives them; `undefined` for a flag that is not given and has no default. */
export type FlagValues<F extends Flags> = ReturnType<
  typeof parseArgs<{ args: string[]; options: F & typeof HELP_FLAG }>
>['values'];

/** As the name of a file. */
const STANDARD_INPUT = '-';

interface ParsedFlags<F extends Flags> {
  readonly values: FlagValues<F>;
  /** Arguments that belong to no flag, in their order. */
  readonly words: readonly string[];
}

/**
 * Reads the arguments of a command; `help` is among the values. The problem is one sentence; without `takesWords` a
 * word without a flag is one. An empty value counts as none where the flag says so. With `help`, no value is checked.
 */
export function parseFlags<const F extends Flags>(
  flags: F,
  args: readonly string[],
  takesWords: boolean,
): Result<ParsedFlags<F>, string> {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...args],
      options: { ...flags, ...HELP_FLAG },
      allowPositionals: takesWords,
      tokens: true,
    });
    if ('help' in values && values.help === true) return ok({ values, words: positionals });
    let inputs = positionals.filter((word) => word === STANDARD_INPUT).length;
    for (const [name, flag] of Object.entries<Flag>(flags)) {
      const all = tokens.flatMap((token) =>
        token.kind === 'option' && token.name === name ? spelledValue(token) : [],
      );
      const last = all.at(-1);
      if (last === undefined) continue;
      const texts = flag.multiple === true ? all : [last];
      const isUnset = flag.emptyIsUnset === true && last === '';
      const problem = isUnset ? undefined : findValueProblem(name, flag, texts);
      if (problem !== undefined) return fail(problem);
      if (flag.isInput === true) inputs += texts.filter((text) => text === STANDARD_INPUT).length;
      Object.assign(values, { [name]: isUnset ? flag.default : flag.multiple === true ? texts : last });
    }
    return inputs > 1
      ? fail(`${STANDARD_INPUT} stands for standard input, which can be read only once: use a file`)
      : ok({ values, words: positionals });
  } catch (error) {
    // Node goes on to explain how its own flags would be given.
    const message = error instanceof Error ? error.message : String(error);
    return fail(message.split('. ', 1)[0] ?? message);
  }
}

/** Why what was given cannot be the value of a flag; `texts`: each one that counts. */
function findValueProblem(name: string, flag: Flag, texts: readonly string[]): string | undefined {
  const isInvalid = flag.isNamespace === true && !texts.every(isNamespaceName);
  // It is not quoted: it may be a token that was pasted in its place, with a line break in it.
  if (isInvalid)
    return `--${name} is not the name of a namespace: these have lower-case letters, digits and "-", at most ${MAX_DNS_LABEL}`;
  return flag.isInput === true && texts.includes('')
    ? `--${name} is empty: is the variable set that names the file?`
    : undefined;
}

/** The value that follows a flag; none for a boolean. Node leaves the `=` of `-n=science` in it, and kubectl does not. */
function spelledValue({
  rawName,
  value,
  inlineValue,
}: {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}): readonly string[] {
  if (value === undefined) return [];
  return [inlineValue === true && !rawName.startsWith('--') ? value.replace(/^=/, '') : value];
}

/** The value of a flag that is a span of time, in Go's form; `examples` as in "10s or 1m". The problem is one sentence. */
export function readDurationFlag(flag: string, text: string, examples: string): Result<Milliseconds, string> {
  const span = parseGoDuration(text);
  return span === undefined
    ? fail(`--${flag} must be a duration such as ${examples}, not "${text}"`)
    : ok(span);
}

/** The column at which the texts begin; a flag that is longer has its text on the next line. */
const TEXT_COLUMN = 24;

/** The flags and `--help` as the help lists them, one or more lines each. */
export function describeFlags(flags: Flags): string {
  const all: Flags = { ...flags, ...HELP_FLAG };
  return Object.entries(all)
    .map(([name, flag]) => {
      const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
      const value = flag.value === undefined ? '' : ` ${flag.value}`;
      const head = `  ${short}--${name}${value}`;
      const byDefault = flag.default === undefined ? '' : ` (default ${flag.default})`;
      const indent = ' '.repeat(TEXT_COLUMN);
      const text = `${flag.help}${byDefault}`.replaceAll('\n', `\n${indent}`);
      return head.length < TEXT_COLUMN ? head.padEnd(TEXT_COLUMN) + text : `${head}\n${indent}${text}`;
    })
    .join('\n');
}
