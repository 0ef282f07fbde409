/** A step of the demo failed: what was expected and what was found, for a terminal. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly expected: string;
  readonly found: string;

  constructor(expected: string, found: string) {
    super(`expected ${expected}, found ${found}`);
    this.expected = expected;
    this.found = found;
  }
}

/** Throws a StepFailure unless `holds`. `found` is shown as JSON if it is not text. */
export function verify(holds: boolean, expected: string, found: unknown): asserts holds {
  if (!holds) throw new StepFailure(expected, typeof found === 'string' ? found : JSON.stringify(found));
}
