import { existsSync } from 'node:fs';
import { Stryker } from '@stryker-mutator/core';
import { runScript } from '../controlplane/run-script.ts';

const HELP = `Usage: npm run mutants -- [--concurrency NUMBER] [FOLDER | FOLDER/FILE.ts …]

Changes the pure core a little in thousands of ways (StrykerJS) and runs the tests of the folder for each change: a change
that no test notices is a mutant that survived, and is shown. Folders of src/: resources, signing, admission, reconcile
(all of them by default). With FOLDER/FILE.ts, for example reconcile/plan.ts, only that file is changed. Takes an hour and
more for all; not part of CI.

  --concurrency NUMBER   how many mutants are tried at the same time (default: 2)

Exit codes: 0 at least 90 % were noticed in each folder or file, 1 fewer, 2 wrong usage.
`;

const FOLDERS: readonly string[] = ['resources', 'signing', 'admission', 'reconcile'];
const GOAL = 90; // per cent

/** How often a property is tried for each mutant: what it can find, it finds soon. */
process.env['FC_RUNS'] ??= '50';

await runScript({
  forHelp: 'npm run mutants -- --help',
  help: HELP,
  options: { concurrency: { type: 'string', default: '2' } },
  takesWords: true,
  run: async ({ concurrency }, words) => {
    if (!/^[1-9]\d?$/.test(concurrency))
      return `--concurrency must be a number from 1 to 99, not "${concurrency}"`;
    const unknown = words.find((word) => !isPart(word));
    if (unknown !== undefined)
      return `no such folder or file: "${unknown}"; folders are ${FOLDERS.join(', ')}`;
    let failed = false;
    for (const part of words.length === 0 ? FOLDERS : words)
      failed = (await mutate(part, Number(concurrency))) || failed;
    return failed ? 1 : 0;
  },
});

/** Whether it is one of the folders, or a file in one of them. */
function isPart(word: string): boolean {
  const [folder = '', ...file] = word.split('/');
  return (
    FOLDERS.includes(folder) && (file.length === 0 || (word.endsWith('.ts') && existsSync(`src/${word}`)))
  );
}

/** Whether fewer changes of the folder or file were noticed than the goal asks for. */
async function mutate(part: string, concurrency: number): Promise<boolean> {
  const [folder] = part.split('/');
  const stryker = new Stryker({
    mutate: [part === folder ? `src/${folder}/**/*.ts` : `src/${part}`],
    plugins: ['@stryker-mutator/tap-runner'],
    testRunner: 'tap',
    tap: {
      testFiles: [`test/${folder}/**/*.test.ts`],
      nodeArgs: ['--test-reporter=tap', '-r', '{{hookFile}}', '{{testFile}}'],
    },
    // TypeScript 7 has no JavaScript API, with which StrykerJS would rewrite it: it is told of a file that is not there.
    tsconfigFile: 'none.json',
    coverageAnalysis: 'perTest',
    concurrency,
    reporters: ['clear-text', 'progress-append-only', 'json'],
    jsonReporter: { fileName: `test/mutants/results/${part.replaceAll('/', '-')}.json` },
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
