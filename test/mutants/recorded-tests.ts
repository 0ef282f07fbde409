/**
 * Replaces `node:test` while mutants are tried: records the tests, so that they can run many times in one
 * process. It has the functions that the tests of the pure core use.
 */

/** The context of a test. */
interface Context {
  readonly after: (undo: () => unknown) => void;
}

type Body = (context: Context) => unknown;

interface RecordedTest {
  readonly name: string;
  /** Rejects if the test fails. */
  readonly run: () => Promise<void>;
}

/** In the order of the files. */
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
