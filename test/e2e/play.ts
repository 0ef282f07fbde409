import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { findPrograms } from '../controlplane/binaries.ts';
import { formatTime } from '../controlplane/build-progress.ts';
import { NODE_PROGRAMS } from '../controlplane/program-sets.ts';
import { installChart } from './cluster/install.ts';
import { startTwoNodeCluster } from './cluster/two-node-cluster.ts';
import { PRODUCT_IMAGE } from './image/product-image.ts';
import { STORIES } from './stories/all.ts';
import type { Scene } from './stories/story.ts';
import { formatTable, type Rows } from './tables.ts';

/*
 * The inner half of `npm run e2e`, process 1's only child in the world that machine/world.sh makes: starts
 * the cluster, installs the product and runs the stories. It does not clean up, as everything ends with the
 * world.
 */
const { values, positionals: archives } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: '.' },
    started: { type: 'string', default: '0' },
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    stay: { type: 'boolean', default: false },
  },
});
const started = Number(values.started);
const log = (line: string) => console.log(`${formatTime(Date.now() - started).padStart(11)}  ${line}`);
const tables = new Map<string, Rows>();

try {
  process.exitCode = await play();
} catch (error) {
  console.error(error instanceof ControlPlaneError ? `error: ${error.message}` : error);
  process.exitCode = 3;
}
process.exit();

async function play(): Promise<number> {
  const folder = join(values.folder, 'cluster');
  await mkdir(folder);
  const cluster = await startTwoNodeCluster(folder, await findPrograms(NODE_PROGRAMS), log);
  const [product = '', ...others] = archives;
  await Promise.all(
    cluster.nodes.map(async (node) => {
      await node.importImages(product, PRODUCT_IMAGE);
      for (const archive of others) await node.importImages(archive);
    }),
  );
  log('both nodes have the images');
  await installChart(cluster);
  log('the chart is installed, its webhook injects pods, and helm test passes');

  const scene: Scene = {
    cluster,
    short: values.short,
    log,
    report: (table, row) => void tables.set(table, [...(tables.get(table) ?? []), row]),
  };
  let failed = 0;
  const stories = STORIES.filter(({ name }) => values.only === undefined || name === values.only);
  for (const story of stories) {
    log(`story "${story.name}"`);
    try {
      await story.play(scene);
    } catch (error) {
      failed += 1;
      console.error(
        `story "${story.name}" failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  for (const [title, rows] of tables) console.log(`\n${formatTable(title, rows)}`);
  if (values.stay) await stay(cluster.controlPlane.adminKubeconfig);
  console.log(`\n${stories.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Keeps the cluster until Ctrl-C, for people who want to look around. */
async function stay(kubeconfig: string): Promise<void> {
  console.log(`\nThe cluster stays until Ctrl-C. In another terminal, as root:\n`);
  console.log(
    `  nsenter --target "$(pgrep -f '^/bin/bash .*machine/world.sh')" --all env KUBECONFIG=${kubeconfig} bash\n`,
  );
  setInterval(() => {}, 3_600_000); // a promise alone does not keep Node running
  await new Promise(() => {});
}
