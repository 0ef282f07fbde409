import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endWithUs } from './end-with-us.ts';
import { makeBundle } from './make-bundle.ts';
import { describeAll, type RunResult } from './report.ts';
import { ROOT, runNpmScript } from './run-program.ts';

/** The result of a step that is not a test. */
function asResult(title: string, hasPassed: boolean): RunResult {
  return { title, hasPassed, seconds: 0, tests: 0, failing: [] };
}

/** Starts a script, which prints its own output; gives the results that it hands over. One that tests must have some. */
async function runScript(
  path: string,
  { args = [], isTest = true }: { readonly args?: readonly string[]; readonly isTest?: boolean } = {},
): Promise<readonly RunResult[]> {
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'] as const;
  const child = spawn(process.execPath, [join(ROOT, path), ...args], { stdio: [...stdio], detached: true });
  endWithUs(child);
  let results: readonly RunResult[] = [];
  child.on('message', (message) => (results = message as readonly RunResult[]));
  const [code] = await once(child, 'close');
  const isReported = results.some(({ hasPassed }) => !hasPassed);
  const hasPassed = code === 0 && (results.length > 0 || !isTest);
  return [...results, asResult(`node ${[path, ...args].join(' ')}`, hasPassed || isReported)];
}

/**
 * tsc and the linter are written in Go. Below this limit they collect no garbage, which saves a third of the
 * CPU time and takes 100 MB more memory.
 */
const COLLECT_LATE = { GOGC: 'off', GOMEMLIMIT: '1GiB' };

const startedAt = performance.now();
// Started first, so that a wrong type is reported before anything is built for minutes.
const check = runNpmScript('check', COLLECT_LATE);
const results = [
  ...(await runScript('test/controlplane/main.ts', { args: ['--build-only'], isTest: false })),
];
results.push(asResult('npm run build', await makeBundle())); // before the tests start it
if (results.every(({ hasPassed }) => hasPassed)) {
  // In parallel: tests on a cluster mostly wait, and leave the processor to the others.
  const runs = ['test/runs/unit.ts', 'test/runs/integration.ts'].map((path) => runScript(path));
  results.push(...(await Promise.all(runs)).flat());
}
results.push(asResult('npm run check', (await check).hasPassed));
console.log(describeAll(results, (performance.now() - startedAt) / 1000));
process.exitCode = results.every(({ hasPassed }) => hasPassed) ? 0 : 1;
