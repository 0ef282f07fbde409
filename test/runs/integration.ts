import { globSync } from 'node:fs';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { rememberInstalled } from '../controlplane/installed-objects.ts';
import { lend } from '../controlplane/loan.ts';
import { runScript } from '../controlplane/run-script.ts';
import { installProduct, type Installation } from '../controlplane/stage.ts';
import { emptyCluster, tidyUp } from '../controlplane/tidy-up.ts';
import { makeBundle } from './make-bundle.ts';
import type { RunResult } from './report.ts';
import { finishRuns, runFiles } from './run-files.ts';
import { ROOT } from './run-program.ts';

const PATTERNS = [
  'test/controlplane/*.test.ts',
  'test/kube/**/*.integration.test.ts',
  'test/integration/*.test.ts',
  'test/deploy/*.test.ts',
  'test/tools/*.test.ts',
];

/** Short tests that need no cluster, but Go, or programs that Go built: they share a process. */
const WITHOUT_CLUSTER =
  /\/(?:tools\/.+|deploy\/(?:ask-webhook|cel-words|chart|chart-settings|documented-overlays|kube-score|release|same-objects|version)|controlplane\/(?:binaries|build-progress|choose-entry|reaper))\.test\.ts$/;

/** Files that take long begin first, so that the others fill the remaining time. */
const FIRST = [
  'manifests',
  'certificates',
  'tokens',
  'monitoring',
  'missing-rights-controller',
  'take-over',
  'demo',
  'cli-commands',
  'main',
  'certs',
  'missing-rights',
  'rights',
  'list-watch.integration',
  'control-plane',
  'without a cluster',
  'dist',
  'docs-commands',
  'admission-workloads',
  'admission-pods',
  'doctor',
];

/**
 * Files that install the product themselves. They run before a worker installs it for all others. See
 * `borrowEmptyCluster`.
 */
const ON_EMPTY_CLUSTER = /(?:\.install|\/manifests)\.test\.ts$/;

const TEST_ENDS_WITHIN_MS = 300_000;

/**
 * Go collects garbage when the heap has grown by this many percent: this saves time and costs memory, of
 * which the tests' control planes need little.
 */
process.env['GOGC'] ??= '400';

const HELP = `Usage: npm run test:integration -- [options] [FILE...]

Runs the test files that need a cluster, or the FILEs, several at a time. Each worker starts one control plane and lends
it to its files, one after the other. A file runs alone with node --test FILE, and starts its own then. Files that end
in .install.test.ts run only if they are named: npm run test:install names them.

Options:
  --workers N   how many files at a time (default 6)
  --help        this text

Exit codes: 0 all passed, 1 a test failed, 2 wrong usage, 3 something outside failed.
`;

await runScript({
  forHelp: 'npm run test:integration -- --help',
  help: HELP,
  options: { workers: { type: 'string', default: '6' } },
  takesWords: true,
  run: async ({ workers }, words) => {
    if (!/^[1-9]$/.test(workers)) return `--workers is ${JSON.stringify(workers)}, but it must be 1 to 9`;
    const jobs = words.length > 0 ? words.map(alone) : listJobs();
    const startedAt = performance.now();
    const results: RunResult[] = [];
    const bundled = makeBundle();
    const count = Math.min(Number(workers), jobs.length);
    await Promise.all([bundled, ...Array.from({ length: count }, () => work(jobs, results, bundled))]);
    finishRuns(results, startedAt);
    return results.every(({ hasPassed }) => hasPassed) ? 0 : 1;
  },
});

/** Test files that share a process. */
interface Job {
  readonly title: string;
  readonly files: readonly string[];
}

function alone(file: string): Job {
  return { title: file, files: [file] };
}

function listJobs(): Job[] {
  const rank = ({ title }: Job): number => {
    const place = FIRST.findIndex((name) => title === name || title.endsWith(`/${name}.test.ts`));
    return place === -1 ? FIRST.length : place;
  };
  const files = globSync(PATTERNS, { cwd: ROOT, exclude: ['**/*.install.test.ts'] }).toSorted();
  const without = files.filter((file) => WITHOUT_CLUSTER.test(file));
  const jobs = files.filter((file) => !WITHOUT_CLUSTER.test(file)).map(alone);
  return [...jobs, { title: 'without a cluster', files: without }].toSorted(
    (one, other) => rank(one) - rank(other),
  );
}

/** Runs one waiting job after the other, and adds their results. */
async function work(waiting: Job[], results: RunResult[], bundled: Promise<unknown>): Promise<void> {
  await using cluster = await startControlPlane({ audit: true });
  const run = async (job: Job, installation?: Installation): Promise<void> => {
    const env = await lend({ place: cluster.place, ...(installation === undefined ? {} : { installation }) });
    results.push(await runFiles({ ...job, timeoutMs: TEST_ENDS_WITHIN_MS, env, cluster }));
  };
  for (let job = take(waiting, isForEmpty); job !== undefined; job = take(waiting, isForEmpty)) {
    await run(job);
    if (waiting.length > 0) await emptyCluster(cluster); // else it ends with its cluster
  }
  if (waiting.length === 0) return;
  const installation = await installProduct(cluster);
  const installed = await rememberInstalled(cluster, installation.manifests);
  await bundled;
  for (let job = take(waiting); job !== undefined; job = take(waiting)) {
    await run(job, installation);
    if (waiting.length > 0) await tidyUp(cluster, installed); // otherwise it ends with its cluster
  }
}

function isForEmpty({ files }: Job): boolean {
  return files.some((file) => ON_EMPTY_CLUSTER.test(file));
}

/** Removes the first matching job from the list, and gives it. */
function take(waiting: Job[], fits: (job: Job) => boolean = () => true): Job | undefined {
  const index = waiting.findIndex(fits);
  return index === -1 ? undefined : waiting.splice(index, 1)[0];
}
