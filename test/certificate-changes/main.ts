import { startControlPlane } from '../controlplane/control-plane.ts';
import { runScript } from '../controlplane/run-script.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { CHANGES, type Stand } from './changes.ts';
import { startCreations } from './creations.ts';
import { openScene } from './scene.ts';

const HELP = `Usage: npm run certificates -- [options]

Changes the webhook's certificate in every way that there is, on a real control plane with two replicas of the service,
while annotated pods are created all the time. Prints a table: the change, pods created meanwhile, and how many failed.

Options:
  --creations N   how many pods at least during each change (default 1000)
  -h, --help      this text

Exit codes: 0 none failed, 1 one did, 2 wrong usage, 3 something outside is missing or failed. It takes 6 minutes.
`;

const CREATED_WITHIN_MS = 600_000;

await runScript({
  forHelp: 'npm run certificates -- --help',
  help: HELP,
  options: { creations: { type: 'string', default: '1000' } },
  run: async ({ creations: least }) => {
    if (!/^[1-9]\d{0,5}$/.test(least))
      return `--creations is ${JSON.stringify(least)}, but it must be a number`;
    await using cluster = await startControlPlane();
    await using scene = await openScene(cluster);
    await cluster.createNamespace('users');
    let failed = 0;
    const stand: Stand = { scene, replicas: [await scene.startReplica()] };
    await using creations = startCreations(cluster, 'users');
    console.log(`${'change'.padEnd(60)}created   failed`);
    for (const { title, make } of CHANGES) {
      const [before, failedBefore] = [creations.count(), creations.failures.length];
      await make(stand);
      await waitUntil('creations', CREATED_WITHIN_MS, () => creations.count() >= before + Number(least));
      const failures = creations.failures.slice(failedBefore);
      failed += failures.length;
      const counts = [creations.count() - before, failures.length].map((count) => String(count).padStart(7));
      console.log(`${title.padEnd(60)}${counts.join('  ')}`);
      for (const failure of failures.slice(0, 3)) console.log(`    ${failure.slice(0, 400)}`);
    }
    return failed === 0 ? 0 : 1;
  },
});
