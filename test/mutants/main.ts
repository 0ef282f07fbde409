import { Stryker } from '@stryker-mutator/core';
import { runScript } from '../controlplane/run-script.ts';

const HELP = `Usage: npm run mutants -- [FOLDER …]

Changes the pure core a little in thousands of ways (StrykerJS) and runs the tests of the folder for each change: a change
that no test notices is a mutant that survived, and is shown. Folders of src/: resources, signing, admission, reconcile
(all of them by default). Takes an hour and more for all; not part of CI.

Exit codes: 0 at least 90 % were noticed in each folder, 1 fewer, 2 wrong usage.
`;

const FOLDERS: readonly string[] = ['resources', 'signing', 'admission', 'reconcile'];
const GOAL = 90; // per cent

await runScript({
  forHelp: 'npm run mutants -- --help',
  help: HELP,
  options: {},
  takesWords: true,
  run: async (_values, folders) => {
    const unknown = folders.find((folder) => !FOLDERS.includes(folder));
    if (unknown !== undefined) return `no such folder: "${unknown}"; there are ${FOLDERS.join(', ')}`;
    let failed = false;
    for (const folder of folders.length === 0 ? FOLDERS : folders) failed = (await mutate(folder)) || failed;
    return failed ? 1 : 0;
  },
});

/** How often a property is tried for each mutant: what it can find, it finds soon. */
process.env['FC_RUNS'] ??= '50';

/** Whether fewer were noticed than the goal asks for. */
async function mutate(folder: string): Promise<boolean> {
  const stryker = new Stryker({
    mutate: [`src/${folder}/**/*.ts`],
    plugins: ['@stryker-mutator/tap-runner'],
    testRunner: 'tap',
    tap: {
      testFiles: [`test/${folder}/**/*.test.ts`],
      nodeArgs: ['--test-reporter=tap', '-r', '{{hookFile}}', '{{testFile}}'],
    },
    // TypeScript 7 has no JavaScript API, with which StrykerJS would rewrite it: it is told of a file that is not there.
    tsconfigFile: 'none.json',
    coverageAnalysis: 'perTest',
    concurrency: 2,
    reporters: ['clear-text', 'progress-append-only', 'json'],
    jsonReporter: { fileName: `test/mutants/results/${folder}.json` },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
    tempDirName: 'test/mutants/sandbox',
    cleanTempDir: 'always',
    thresholds: { high: 100, low: GOAL, break: GOAL },
    ignorePatterns: ['dist', 'deploy/chart', 'coverage'],
  });
  await stryker.runMutationTest();
  const failed = process.exitCode === 1;
  process.exitCode = 0;
  return failed;
}
