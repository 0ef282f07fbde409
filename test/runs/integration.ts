import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chooseEntry } from '../controlplane/choose-entry.ts';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { lend } from '../controlplane/loan.ts';
import { runScript } from '../controlplane/run-script.ts';
import { installProduct } from '../controlplane/stage.ts';
import { tidyUp } from '../controlplane/tidy-up.ts';
import { ROOT, runFiles } from './run-files.ts';

const PATTERNS = [
  'test/controlplane/*.test.ts',
  'test/kube/*.integration.test.ts',
  'test/integration/*.test.ts',
  'test/deploy/*.test.ts',
  'test/tools/*.test.ts', // need no cluster, but Go
];

/**
 * Those that wait long, or do much, begin first, so that the others fill the rest of the time. admission-conditions counts
 * what reaches the webhook, and would wait until what others left is gone.
 */
const FIRST = [
  'lifecycle',
  'certificates',
  'admission-conditions',
  'tokens',
  'monitoring',
  'take-over',
  'demo',
  'missing-rights',
  'cli-commands',
  'manifests',
  'rights',
  'doctor',
  'control-plane',
];

const TEST_ENDS_WITHIN_MS = 300_000;

/** Go's collector runs when the heap has grown by so many percent: memory for time, as control planes of tests are small. */
process.env['GOGC'] ??= '400';

const HELP = `Usage: npm run test:integration -- [options] [FILE...]

Runs the test files that need a cluster, or the FILEs, several at a time. Each worker starts one control plane and lends
it to its files, one after the other. A file runs alone with node --test FILE, and starts its own then.

Options:
  --workers N   how many files at a time (default 4)
  --help        this text

Exit codes: 0 all passed, 1 a test failed, 2 wrong usage, 3 something outside failed.
`;

await runScript({
  forHelp: 'npm run test:integration -- --help',
  help: HELP,
  options: { workers: { type: 'string', default: '4' } },
  takesWords: true,
  run: async ({ workers }, words) => {
    if (!/^[1-9]$/.test(workers)) return `--workers is ${JSON.stringify(workers)}, but it must be 1 to 9`;
    const files = words.length > 0 ? [...words] : findFiles();
    const failed: string[] = [];
    const bundled = makeBundle();
    const count = Math.min(Number(workers), files.length);
    await Promise.all([bundled, ...Array.from({ length: count }, () => work(files, failed, bundled))]);
    for (const file of failed) console.log(`✖ ${file}`);
    return failed.length === 0 ? 0 : 1;
  },
});

function findFiles(): string[] {
  const rank = (file: string): number => {
    const place = FIRST.findIndex((name) => file.endsWith(`/${name}.test.ts`));
    return place === -1 ? FIRST.length : place;
  };
  const files = globSync(PATTERNS, { cwd: ROOT });
  return files.toSorted((one, other) => rank(one) - rank(other) || one.localeCompare(other));
}

/** What tests start is the bundle, if no source is newer; see `chooseEntry`. */
async function makeBundle(): Promise<void> {
  if ((await chooseEntry()).file === 'dist/main.js') return;
  await promisify(execFile)(process.execPath, [join(ROOT, 'deploy/bundle/main.ts')]);
}

/** Takes file after file from those that wait, until there are none; tells which failed. */
async function work(waiting: string[], failed: string[], bundled: Promise<void>): Promise<void> {
  await using cluster = await startControlPlane({ audit: true });
  const installation = await installProduct(cluster);
  await bundled;
  const env = await lend({ place: cluster.place, installation });
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const run = { title: file, files: [file], timeoutMs: TEST_ENDS_WITHIN_MS, env, cluster };
    if (!(await runFiles(run))) failed.push(file);
    await tidyUp(cluster, installation);
  }
}
