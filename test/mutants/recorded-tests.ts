/**
 * Stands in for `node:test` while mutants are tried: it keeps the tests, so that they can run many times in one process.
 * It knows what the tests of the pure core use.
 */

/** What a test is given. */
interface Context {
  readonly after: (undo: () => unknown) => void;
}

type Body = (context: Context) => unknown;

interface RecordedTest {
  readonly name: string;
  /** Rejects if the test fails. */
  readonly run: () => Promise<void>;
}

/** In the order in which the files give them. */
export const RECORDED: RecordedTest[] = [];

const names: string[] = [];

export function describe(name: string, body: () => void): void {
  names.push(name);
  body();
  names.pop();
}

export function it(name: string, ...rest: readonly [Body] | readonly [options: object, Body]): void {
  const body = rest.length === 1 ? rest[0] : rest[1];
  RECORDED.push({ name: [...names, name].join(' > '), run: () => runOnce(body) });
}

/** A test outside of `describe`. */
export { it as test };

async function runOnce(body: Body): Promise<void> {
  const undo: (() => unknown)[] = [];
  try {
    await body({ after: (step) => undo.push(step) });
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}
