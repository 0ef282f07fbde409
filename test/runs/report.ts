import { stripVTControlCharacters } from 'node:util';

/** The result of a run of test files. */
export interface RunResult {
  /** Name of what was run. */
  readonly title: string;
  readonly hasPassed: boolean;
  readonly seconds: number;
  readonly tests: number;
  /** The tests that failed: `FILE:LINE:COLUMN name`; and how many were skipped, which counts as a failure. */
  readonly failing: readonly string[];
}

/** The output of Node's reporter "spec", without the tests that passed. */
export interface Report extends Pick<RunResult, 'tests' | 'failing'> {
  /** Output of tests, skipped tests, and failures with their errors, with their colours. */
  readonly words: string;
}

/**
 * Passed and failed tests, suites and sums. Failures are listed again below, with their errors. Lines of
 * skipped tests begin with another sign.
 */
const LISTED = /^\s*[✔✖▶ℹ]/;
const SKIPPED = 'ℹ skipped ';
const NO_TEST = 'no test ran';
const FAILURES = '✖ failing tests:';

/**
 * Reads the output of `node --test`. If the sums are missing, shows everything. A run passes neither by
 * skipping tests nor by having none.
 */
export function readReport(output: string): Report {
  const lines = output.split('\n').map((shown) => ({ shown, plain: stripVTControlCharacters(shown) }));
  const sum = lines.find(({ plain }) => plain.startsWith('ℹ tests '));
  if (sum === undefined) return { tests: 0, failing: [NO_TEST], words: output };
  const tests = Number(sum.plain.slice('ℹ tests '.length));
  const skipped = Number(
    lines.find(({ plain }) => plain.startsWith(SKIPPED))?.plain.slice(SKIPPED.length) ?? 0,
  );
  const found = lines.findIndex(({ plain }) => plain === FAILURES);
  const end = found === -1 ? lines.length : found;
  const printed = lines.slice(0, end).filter(({ plain }) => !LISTED.test(plain));
  const errors = lines.slice(end + 1);
  const failing = errors.flatMap(({ plain }, index) => {
    const [, place] = /^test at (.+)$/.exec(plain) ?? [];
    const [, name] = /^✖ (.*) \([\d.]+ms\)$/.exec(errors[index + 1]?.plain ?? '') ?? [];
    return place === undefined ? [] : [`${place} ${name ?? ''}`.trimEnd()];
  });
  return {
    tests,
    failing: [
      ...failing,
      ...(tests === 0 ? [NO_TEST] : []),
      ...(skipped > 0 ? [`${skipped} skipped: a test that cannot run must fail, and say what it lacks`] : []),
    ],
    words: [...printed, ...errors]
      .map(({ shown }) => shown)
      .join('\n')
      .trim(),
  };
}

/** The report of a run that has ended: a line, and below it everything unusual. */
export function describeRun({ title, hasPassed, seconds, tests, failing }: RunResult, words: string): string {
  const took = `${seconds.toFixed(1)} s`;
  const line = hasPassed
    ? `✔ ${title}: ${tests} tests, ${took}`
    : `✖ ${title}: ${failing.length} of ${tests} tests failed, ${took}`;
  return words === '' ? line : `\n${line}\n${words}\n`;
}

/** The last lines of the report, so that nobody has to search for a failure above. */
export function describeAll(results: readonly RunResult[], seconds: number): string {
  const tests = results.reduce((sum, result) => sum + result.tests, 0);
  const failed = results.filter(({ hasPassed }) => !hasPassed);
  if (failed.length === 0) return `\n✔ ${tests} tests passed in ${seconds.toFixed(0)} s`;
  const lines = failed.flatMap(({ title, failing }) => (failing.length > 0 ? failing : [title]));
  return [`\n✖ failed (the errors are above), of ${tests} tests in ${seconds.toFixed(0)} s:`, ...lines].join(
    '\n  ',
  );
}
