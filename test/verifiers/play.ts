import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { rememberInstalled } from '../controlplane/installed-objects.ts';
import { lend } from '../controlplane/loan.ts';
import { installProduct } from '../controlplane/stage.ts';
import { tidyUp } from '../controlplane/tidy-up.ts';
import { runFiles } from '../runs/run-files.ts';
import { ROOT } from '../runs/run-program.ts';
import { PELICANFS_VARIABLE } from './pelicanfs/reader.ts';
import { furnishWorld, lendWorld } from './world.ts';

/*
 * The inner half of `npm run verifiers`, in the world that world.sh makes: starts a control plane, and runs
 * the test files on it, one after the other. It does not clean up, as everything ends with the world.
 */
const TEST_ENDS_WITHIN_MS = 240_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string', default: '.' }, venv: { type: 'string', default: '' } },
});

try {
  process.exitCode = await play(positionals.length > 0 ? positionals : findFiles());
} catch (error) {
  console.error(error instanceof ControlPlaneError ? `error: ${error.message}` : error);
  process.exitCode = 3;
}
process.exit();

function findFiles(): readonly string[] {
  return globSync(join(import.meta.dirname, '*.test.ts'))
    .map((file) => relative(ROOT, file))
    .toSorted();
}

async function play(files: readonly string[]): Promise<number> {
  const world = await furnishWorld(join(values.folder, 'world'));
  await using cluster = await startControlPlane();
  const installation = await installProduct(cluster);
  const installed = await rememberInstalled(cluster, installation.manifests);
  const env = {
    ...lendWorld(world),
    ...(await lend({ place: cluster.place, installation })),
    [PELICANFS_VARIABLE]: values.venv,
  };
  const failed: string[] = [];
  for (const file of files) {
    const run = { title: file, files: [file], timeoutMs: TEST_ENDS_WITHIN_MS, env, cluster };
    if (!(await runFiles(run)).hasPassed) failed.push(file);
    await tidyUp(cluster, installed);
  }
  for (const file of failed) console.log(`✖ ${file}`);
  return failed.length === 0 ? 0 : 1;
}
