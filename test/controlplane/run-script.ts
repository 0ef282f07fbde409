import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ControlPlaneError } from './control-plane-error.ts';

const HELP_OPTION = { help: { type: 'boolean', short: 'h' } } as const;

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O & typeof HELP_OPTION }>
>['values'];

/** A script that `npm run` starts. */
export interface Script<O extends Options> {
  /** The command that prints the help, for example `npm run demo -- --help`. */
  readonly forHelp: string;
  readonly help: string;
  /** Options of the script. Every script has `--help` as well. */
  readonly options: O;
  /** Words without a flag are allowed, and passed to `run`. */
  readonly takesWords?: true;
  /** Gives the exit code, or a sentence that says what is wrong with the flags: then the exit code is 2. */
  readonly run: (values: Values<O>, words: readonly string[]) => Promise<number | string>;
}

/**
 * Reads the flags of the process and runs the script. Exit codes: that of the script, 2 for wrong usage, 3 if
 * something outside failed.
 */
export async function runScript<const O extends Options>(script: Script<O>): Promise<void> {
  try {
    const outcome = await readAndRun(script);
    process.exitCode = typeof outcome === 'number' ? outcome : 2;
    if (typeof outcome === 'string') console.error(`error: ${outcome}; see ${script.forHelp}`);
  } catch (error) {
    if (!(error instanceof ControlPlaneError)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = 3;
  }
}

async function readAndRun<O extends Options>(script: Script<O>): Promise<number | string> {
  const { help, options, takesWords = false, run } = script;
  let values: Values<O>;
  let words: readonly string[];
  try {
    ({ values, positionals: words } = parseArgs({
      args: process.argv.slice(2),
      options: { ...options, ...HELP_OPTION },
      allowPositionals: takesWords,
    }));
  } catch (error) {
    return error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error);
  }
  if (!('help' in values) || values.help !== true) return run(values, words);
  console.log(help.trimEnd());
  return 0;
}
