import { parseArgs } from 'node:util';
import type { Flag } from './flag.ts';
import { environmentName, RUN_FLAGS, type FlagName } from './run-flags.ts';

/** The value of each flag of `run`: its argument, else its environment variable, else its default. */
export class Settings {
  readonly #given: ReadonlyMap<string, string>;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #problems: string[] = [];
  /** Flags with a problem of their own, and the problem. */
  readonly #wrong = new Map<string, string>();

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv) {
    const { given, unknown, withoutValue } = readArguments(args);
    this.#given = given;
    this.#environment = environment;
    this.#problems.push(...unknown);
    for (const name of withoutValue) this.#refuseAlone(name, 'needs a value');
  }

  /** Everything that is wrong with the settings read so far, one sentence each. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /**
   * Adds a problem that these settings, read before, have with each other. It is not named where one of them is a problem
   * already: nobody knows what was meant there.
   */
  refuse(names: readonly FlagName[], problem: string): void {
    if (!names.some((name) => this.#wrong.has(name))) this.#problems.push(problem);
  }

  /** The problem that a setting, read before, has of its own: what was read is a placeholder then. */
  problemOf(name: FlagName): string | undefined {
    return this.#wrong.get(name);
  }

  /** An empty value counts as none. An empty argument hides the environment variable. */
  text(name: FlagName): string | undefined {
    const flag: Flag = RUN_FLAGS[name];
    const value = this.#given.get(name) ?? this.#environment[environmentName(name)];
    return value === undefined || value === '' ? flag.default : value;
  }

  /** Whether an argument or a variable sets it to anything but its default; a boolean one, to true. */
  isGiven(name: FlagName): boolean {
    const flag: Flag = RUN_FLAGS[name];
    const value = this.text(name);
    return flag.type === 'boolean' ? value === 'true' : value !== flag.default;
  }

  /** Environment variables that begin like ours and set no flag; those of a Service, which Kubernetes sets, do not count. */
  get unknownVariables(): readonly string[] {
    const known = new Set(Object.keys(RUN_FLAGS).map(environmentName));
    const names = Object.keys(this.#environment).filter((name) => name.startsWith(environmentName('')));
    return names.filter((name) => !known.has(name) && !isOfService(name, this.#environment[name] ?? ''));
  }

  /** Whether a boolean flag is set. */
  isOn(name: FlagName): boolean {
    const value = this.text(name) ?? 'false';
    if (value !== 'true' && value !== 'false')
      this.#refuseAlone(name, `must be true or false, not "${value}"`);
    return value === 'true';
  }

  /** The parsed value; where it is not `expected`, a problem and the `placeholder`. */
  parsed<T>(name: FlagName, parse: (value: string) => T | undefined, expected: string, placeholder: T): T {
    const value = this.text(name) ?? '';
    const result = parse(value);
    if (result === undefined) this.#refuseAlone(name, `must be ${expected}, not "${value}"`);
    return result ?? placeholder;
  }

  #refuseAlone(name: string, problem: string): void {
    const sentence = `--${name} ${problem}`;
    this.#wrong.set(name, sentence);
    this.#problems.push(sentence);
  }
}

/** `JWT_INJECTOR_SERVICE_HOST`, `JWT_INJECTOR_PORT_443_TCP_ADDR`, and those of Services whose names begin with ours. */
const OF_A_SERVICE = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/;

/** Kubernetes sets `JWT_INJECTOR_PORT` to a URL. A number is what somebody else meant for a flag. */
function isOfService(name: string, value: string): boolean {
  return OF_A_SERVICE.test(name) || (name.endsWith('_PORT') && /^(?:tcp|udp|sctp):/.test(value));
}

interface Arguments {
  /** The values as text, `true` for a boolean flag alone. The last of several counts. */
  readonly given: ReadonlyMap<string, string>;
  /** The arguments that `run` does not take, one sentence each. */
  readonly unknown: readonly string[];
  /** Flags that lack their value. */
  readonly withoutValue: readonly string[];
}

function readArguments(args: readonly string[]): Arguments {
  const options = Object.fromEntries(Object.entries(RUN_FLAGS).map(([name, { type }]) => [name, { type }]));
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  const unknown: string[] = [];
  const withoutValue: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') unknown.push(`"${token.value}" is not a flag: run takes flags only`);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined)
      unknown.push(`${token.rawName} is not a flag of run: see jwt-injector run --help`);
    else if (option.type === 'boolean') given.set(token.name, token.value ?? 'true');
    else if (token.value === undefined) withoutValue.push(token.name);
    else given.set(token.name, token.value);
  }
  return { given, unknown, withoutValue };
}
