import { existsSync, globSync } from 'node:fs';
import { runScript } from '../controlplane/run-script.ts';
import { instrument, type Mutant } from './instrument.ts';
import { tryMutants, type Outcome } from './try-mutants.ts';

const HELP = `Usage: npm run mutants -- [--concurrency NUMBER] [FOLDER | FOLDER/FILE.ts …]

Changes the pure core a little in thousands of ways (StrykerJS' instrumenter) and runs the tests of the folder for each
change: a change that no test notices is a mutant that survived, and is shown. Folders of src/: resources, signing,
admission, reconcile (all of them by default). With FOLDER/FILE.ts, for example reconcile/plan.ts, only that file is
changed. Takes about ten minutes for each folder: sources and tests must stay as they are meanwhile. Not part of CI.

  --concurrency NUMBER   how many mutants are tried at the same time (default: 2)

Exit codes: 0 at least 90 % were noticed in each folder or file, 1 fewer, 2 wrong usage.
`;

const FOLDERS: readonly string[] = ['resources', 'signing', 'admission', 'reconcile'];
const GOAL = 90; // per cent

/** How often a property is tried for each mutant: if it finds one at all, it finds it soon. */
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
      failed = (await mutate(part, Number(concurrency))) < GOAL || failed;
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

/** The percentage of the folder's or file's mutants that tests noticed. Prints the others. */
async function mutate(part: string, concurrency: number): Promise<number> {
  const [folder = ''] = part.split('/');
  const files = globSync(part === folder ? `src/${folder}/**/*.ts` : `src/${part}`).toSorted();
  const tests = globSync(`test/${folder}/**/*.test.ts`).toSorted();
  const instrumented = await instrument(files);
  const outcomes = await tryMutants(instrumented, tests, concurrency);
  for (const [mutant, outcome] of outcomes) if (outcome !== 'noticed') console.log(show(mutant, outcome));
  for (const file of files) {
    const ofFile = instrumented.mutants.filter((mutant) => mutant.file === file);
    if (ofFile.length > 0) console.log(`${file}: ${score(ofFile, outcomes).text}`);
  }
  const { percent, text } = score(instrumented.mutants, outcomes);
  console.log(`${part}: ${text}`);
  return percent;
}

function show({ file, line, original, replacement }: Mutant, outcome: Outcome): string {
  const marked = (sign: string, text: string): string => text.replaceAll(/^/gm, `  ${sign} `);
  return `${file}:${line} ${outcome}\n${marked('-', original)}\n${marked('+', replacement)}\n`;
}

/** The number of mutants that were noticed, and the number of all. */
function score(
  mutants: readonly Mutant[],
  outcomes: ReadonlyMap<Mutant, Outcome>,
): { readonly percent: number; readonly text: string } {
  const noticed = mutants.filter((mutant) => outcomes.get(mutant) === 'noticed').length;
  const percent = (100 * noticed) / mutants.length;
  return { percent, text: `${noticed} of ${mutants.length} noticed (${percent.toFixed(1)} %)` };
}
