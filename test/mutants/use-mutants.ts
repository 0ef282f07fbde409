import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** The state that the instrumented sources read while they run. */
export interface Switches {
  /** One number: the id of the active mutant, or -1. */
  readonly active: Int32Array;
  /** How often the place of each mutant was reached, by its id. */
  readonly reached: Uint32Array;
  /** How often the active mutant can still be executed. */
  passes: number;
  /** Always true. Throws if `passes` is used up: an endless loop. */
  readonly pass: () => true;
}

declare global {
  var mutants: Switches;
}

/** More than any folder has. */
const MAX_MUTANTS = 10_000;

/** Set by `worker-process.ts`. Processes that a test starts get both, too. */
const { JWT_INJECTOR_MUTANTS: path = '', JWT_INJECTOR_MUTANT: mutant = '-1' } = process.env;
const sources = new Map<string, string>(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as object));
const recorder = new URL('recorded-tests.ts', import.meta.url).href;

globalThis.mutants = {
  active: Int32Array.of(Number(mutant)),
  reached: new Uint32Array(MAX_MUTANTS),
  passes: Infinity,
  pass: () => {
    mutants.passes -= 1;
    if (mutants.passes < 0) throw new Error('an endless loop');
    return true;
  },
};

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:test' ? { url: recorder, shortCircuit: true } : next(specifier, context),
  load: (url, context, next) => {
    const source = sources.get(url);
    return source === undefined
      ? next(url, context)
      : { format: 'module-typescript', source, shortCircuit: true };
  },
});
