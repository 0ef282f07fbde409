import { parseArgs } from 'node:util';
import type { Flag } from './flag.ts';
import { environmentName, RUN_FLAGS, type FlagName } from './run-flags.ts';

/** What was given for each flag of `run`: its argument, else its environment variable, else its default. */
export class Settings {
  readonly #given: ReadonlyMap<string, string>;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #problems: string[];

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#problems = [];
    this.#given = readArguments(args, this.#problems);
    this.#environment = environment;
  }

  /** Everything that is wrong with the settings read so far, one sentence each. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Adds a problem that no single setting has. */
  refuse(problem: string): void {
    this.#problems.push(problem);
  }

  /** An empty value counts as none. */
  text(name: FlagName): string | undefined {
    const flag: Flag = RUN_FLAGS[name];
    const value = this.#given.get(name) ?? this.#environment[environmentName(name)] ?? flag.default;
    return value === '' ? undefined : value;
  }

  /** Whether a boolean flag is set. */
  isOn(name: FlagName): boolean {
    const value = this.text(name) ?? 'false';
    if (value !== 'true' && value !== 'false') this.refuse(`--${name} must be true or false, not "${value}"`);
    return value === 'true';
  }

  /** The parsed value; where it is not `expected`, a problem and the `placeholder`. */
  parsed<T>(name: FlagName, parse: (value: string) => T | undefined, expected: string, placeholder: T): T {
    const value = this.text(name) ?? '';
    const result = parse(value);
    if (result === undefined) this.refuse(`--${name} must be ${expected}, not "${value}"`);
    return result ?? placeholder;
  }
}

/** Flags as text (`true` for a boolean one). What is unknown or in the wrong place is a problem, not an exception. */
function readArguments(args: readonly string[], problems: string[]): ReadonlyMap<string, string> {
  const options = Object.fromEntries(Object.entries(RUN_FLAGS).map(([name, { type }]) => [name, { type }]));
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`"${token.value}" is not a flag: run takes flags only`);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined)
      problems.push(`${token.rawName} is not a flag of run: see jwt-injector run --help`);
    else if (option.type === 'boolean') given.set(token.name, token.value ?? 'true');
    else if (token.value === undefined) problems.push(`${token.rawName} needs a value`);
    else given.set(token.name, token.value);
  }
  return given;
}
