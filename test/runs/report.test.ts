import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeAll, describeRun, readReport } from './report.ts';

const FAILED = `said by a test
▶ outer
  ✔ passes (0.9ms)
  ✖ fails, of course (1.2ms)
✖ outer (3.6ms)
﹣ not here (0.1ms) # why
ℹ tests 3
ℹ suites 1
ℹ pass 1
ℹ fail 1
ℹ skipped 0
ℹ duration_ms 101.8

✖ failing tests:

test at test/room/file.test.ts:3:12
✖ fails, of course (1.2ms)
  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
  ✔ a line of the error`;

const RUN = { title: 'room', seconds: 1.23 };

describe('the report about the tests', () => {
  it('only has failures with their errors, output of tests, and skipped tests', () => {
    const { words, ...report } = readReport(FAILED);
    assert.deepEqual(report, { tests: 3, failing: ['test/room/file.test.ts:3:12 fails, of course'] });
    assert.equal(
      words.replace(/\n+/g, '\n'),
      `said by a test
﹣ not here (0.1ms) # why
test at test/room/file.test.ts:3:12
✖ fails, of course (1.2ms)
  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
  ✔ a line of the error`,
    );
    const shown = describeRun({ ...RUN, hasPassed: false, ...report }, words);
    assert.match(shown, /^\n✖ room: 1 of 3 tests failed, 1\.2 s\nsaid by a test\n/);
  });

  it('is one line if all passed and nothing was printed, in colour, too', () => {
    const output =
      '\u001B[32m✔ passes \u001B[90m(0.9ms)\u001B[39m\n\u001B[34mℹ tests 1\u001B[39m\n\u001B[34mℹ fail 0';
    const { words, ...report } = readReport(output);
    assert.equal(describeRun({ ...RUN, hasPassed: true, ...report }, words), '✔ room: 1 tests, 1.2 s');
  });

  it('is the whole output if Node gave no sums', () => {
    const output = 'Error: Cannot find module\n✔ whatever';
    assert.deepEqual(readReport(output), { tests: 0, failing: ['no test ran'], words: output });
  });

  it('has a failure if tests were skipped, and if there was none', () => {
    assert.deepEqual(readReport('ℹ tests 4\nℹ skipped 3').failing, [
      '3 skipped: a test that cannot run must fail, and say what it lacks',
    ]);
    assert.deepEqual(readReport('ℹ tests 0\nℹ skipped 0').failing, ['no test ran']);
  });

  it('ends with each failure once more, and what else failed', () => {
    const passed = { ...RUN, hasPassed: true, tests: 2, failing: [] };
    assert.equal(describeAll([passed], 3), '\n✔ 2 tests passed in 3 s');
    const failed = {
      ...RUN,
      hasPassed: false,
      tests: 3,
      failing: ['a.test.ts:1:2 one', 'a.test.ts:3:4 two'],
    };
    const check = { ...RUN, title: 'npm run check', hasPassed: false, tests: 0, failing: [] };
    assert.equal(
      describeAll([passed, failed, check], 3),
      '\n✖ failed (the errors are above), of 5 tests in 3 s:\n  a.test.ts:1:2 one\n  a.test.ts:3:4 two\n  npm run check',
    );
  });
});
