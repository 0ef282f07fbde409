import type { Cluster } from '../controlplane/cluster.ts';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { runScript } from '../controlplane/run-script.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { GROUPS } from './changes.ts';
import { openChart } from './chart.ts';
import { startCreations } from './creations.ts';
import { openScene } from './scene.ts';
import type { Change, Stand } from './stand.ts';
import { startCertManager } from './start-cert-manager.ts';

const [FIRST_GROUP, ...OTHER_GROUPS] = Object.keys(GROUPS);
const GROUP_NAMES = [FIRST_GROUP, ...OTHER_GROUPS].join(', ');

const HELP = `Usage: npm run certificates -- [options]

Makes the changes of the webhook's certificate that the table in docs/certificates.md lists, on a real control plane with two
replicas of the service, while annotated pods are created all the time. Prints that table: the change, pods created meanwhile, and
how many failed.
cert-manager is played; what Helm does is done by a server-side apply of the chart.

Options:
  --creations N   how many pods at least during each change (default 1000)
  --only GROUP    one of ${GROUP_NAMES}
  -h, --help      this text

Exit codes: 0 none failed, 1 one did, 2 wrong usage, 3 something outside is missing or failed. It takes 16 minutes.
`;

const CREATED_WITHIN_MS = 600_000;
const TITLE_WIDTH = 66;

await runScript({
  forHelp: 'npm run certificates -- --help',
  help: HELP,
  options: { creations: { type: 'string', default: '1000' }, only: { type: 'string' } },
  run: async ({ creations: least, only }) => {
    if (!/^[1-9]\d{0,5}$/.test(least))
      return `--creations is ${JSON.stringify(least)}, but it must be a number`;
    const groups = Object.entries(GROUPS).filter(([name]) => only === undefined || name === only);
    if (groups.length === 0) return `--only is ${JSON.stringify(only)}, but it must be one of ${GROUP_NAMES}`;
    await using cluster = await startControlPlane();
    const replicas = only === undefined || only === FIRST_GROUP ? 1 : 2;
    const changes = groups.flatMap(([, group]) => group);
    return await makeChanges(cluster, changes, { replicas, least: Number(least) }); // awaited here, so that it ends before the cluster does
  },
});

async function makeChanges(
  cluster: Cluster,
  changes: readonly Change[],
  { replicas, least }: { readonly replicas: number; readonly least: number },
): Promise<number> {
  await using scene = await openScene(cluster);
  await using certManager = await startCertManager(cluster);
  await using chart = await openChart(scene);
  await cluster.createNamespace('users');
  const stand: Stand = { scene, chart, certManager, replicas: [] };
  while (stand.replicas.length < replicas) stand.replicas = [...stand.replicas, await scene.startReplica()];
  await using creations = startCreations(cluster, 'users');
  console.log(`${'change'.padEnd(TITLE_WIDTH)}created   failed`);
  for (const { title, make } of changes) {
    const [before, failedBefore] = [creations.count(), creations.failures.length];
    await make(stand);
    await waitUntil('creations', CREATED_WITHIN_MS, () => creations.count() >= before + least);
    const failures = creations.failures.slice(failedBefore);
    printRow(title, [creations.count() - before, failures.length]);
    for (const failure of failures.slice(0, 3)) console.log(`    ${failure.slice(0, 400)}`);
  }
  printRow('in all', [creations.count(), creations.failures.length]);
  return creations.failures.length === 0 ? 0 : 1;
}

function printRow(title: string, counts: readonly number[]): void {
  console.log(title.padEnd(TITLE_WIDTH) + counts.map((count) => String(count).padStart(7)).join('  '));
}
