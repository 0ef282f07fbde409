import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { openBareClient, type BareClient } from '../bench/bare-client.ts';
import { createMany, WIDTH } from '../bench/many-jwts.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { fitManifests, installCrd, renderShipped } from '../controlplane/install.ts';
import { runScript } from '../controlplane/run-script.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { installProduct, type Installation } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { compareAnswers, type Difference } from './answers.ts';
import { openCheckout, PRESENT, type Checkout } from './checkout.ts';
import { replaceUnderLoad } from './under-load.ts';
import { findVersionBefore } from './version-before.ts';
import { countChanges, listVersions } from './writes.ts';

const HELP = `Usage: npm run upgrade -- [options]

Goes from another version of the history to this one and back, as a rolling update does, on a real control plane with healthy
JWTs: manifests first, then a replica of the next version starts beside the old one, and the old one ends. Prints for each
way how many Secrets were written or touched, how many statuses, and how many of the same reviews both versions answered
otherwise while they ran side by side. Then two replicas of the one become two of the other, and back, while pods are created,
none of them a second time; a version that cannot issue its certificate itself (before 2026-11-29) is not tried in that.

Options:
  --from REF    a commit, tag or branch (default: the newest release before this commit, or its parent where there is none)
  --short       what CI runs: 100 JWTs, 50 creations; decisions may differ, as a commit may change some
  --jwts N      how many JWTs (default 500)
  --show N      how many differing answers to print (default 3)
  --creations N how many pods are created at least in each direction (default 200; 0: none)
  -h, --help    this text

Exit codes: 0 no Secret was written, no decision or patch differs and no pod was refused, or the clone is too shallow to
hold a version before this one, 1 otherwise, 2 wrong usage, 3 something outside is missing or failed. It takes two minutes.
`;

/** Numbers that are used without flags. */
const WHOLE = { jwts: '500', creations: '200' } as const;
const SHORT = { jwts: '100', creations: '50' } as const;

const NAMESPACES = Array.from({ length: 10 }, (_, index) => `group-${index}`);
const WITHIN_MS = 300_000;
/** Late writes are done within this time: statuses have no deadline of their own. */
const SETTLES_MS = 5_000;

await runScript({
  forHelp: 'npm run upgrade -- --help',
  help: HELP,
  options: {
    from: { type: 'string' },
    short: { type: 'boolean', default: false },
    jwts: { type: 'string' },
    show: { type: 'string', default: '3' },
    creations: { type: 'string' },
  },
  run: async ({ from: given, short, show, ...numbers }) => {
    const { jwts, creations } = { ...(short ? SHORT : WHOLE), ...numbers };
    if (!/^[1-9]\d{0,4}$/.test(jwts) || ![show, creations].every((text) => /^\d{1,4}$/.test(text)))
      return '--jwts, --show and --creations take a number';
    const from = given ?? (await findVersionBefore(PRESENT.root));
    if (from === undefined) {
      console.log('This clone holds no version before this one (git fetch --unshallow): nothing was tried.');
      return 0;
    }
    await using other = await openCheckout(from);
    await using cluster = await startControlPlane();
    const installation = await installProduct(cluster, other.root);
    const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
    const scene: Scene = { cluster, installation, bare, show: Number(show), mayDiffer: short };
    try {
      const first = await startReplica(scene, other);
      await createMany(bare, { namespaces: NAMESPACES, count: Number(jwts) });
      await waitUntil('every JWT to be Ready', WITHIN_MS, async () => {
        const { stdout } = await cluster.kubectl(['get', 'jwts', '-A', '--no-headers']);
        return stdout.split('\n').filter((line) => / True /.test(line)).length === Number(jwts);
      });
      await sleep(SETTLES_MS);
      const [forth, present] = await replace(scene, { replica: first, version: other }, PRESENT);
      const [back, last] = await replace(scene, { replica: present, version: PRESENT }, other);
      await last.stop();
      const failed = creations === '0' ? 0 : await replaceUnderLoad(cluster, other, Number(creations));
      return forth && back && failed === 0 ? 0 : 1;
    } finally {
      bare.close();
    }
  },
});

interface Scene {
  readonly cluster: ControlPlane;
  readonly installation: Installation;
  readonly bare: BareClient;
  /** How many differences are printed. */
  readonly show: number;
  /** Whether the versions are allowed to decide differently. */
  readonly mayDiffer: boolean;
}

function startReplica({ cluster, installation }: Scene, { entry, root }: Checkout): Promise<Service> {
  const args = [...installation.serviceArgs, '--lease-namespace=jwt-injector'];
  return startService(cluster, { args, entry, cwd: root });
}

/** One direction of the rolling update. Gives whether everything is well, and the replica that runs now. */
async function replace(
  scene: Scene,
  { replica, version }: { readonly replica: Service; readonly version: Checkout },
  next: Checkout,
): Promise<readonly [boolean, Service]> {
  const { cluster, installation, bare, show, mayDiffer } = scene;
  const before = await listVersions(bare);
  await installCrd(cluster, next.root);
  const { webhookPort, caBundle } = installation;
  const shipped = await renderShipped(cluster, 'default', next.root);
  const manifests = fitManifests(shipped, { webhookPort, caBundle });
  await cluster.apply(manifests.map((manifest) => stringify(manifest)).join('---\n'));
  const replacement = await startReplica(scene, next);
  const [from, to] = [replica.webhookPort ?? 0, replacement.webhookPort ?? 0];
  const answers = await compareAnswers(from, to, caBundle);
  await replica.stop();
  await replacement.waitForLog(({ msg }) => msg === 'every JWT was looked at', WITHIN_MS);
  await sleep(SETTLES_MS);
  const { secrets, statuses } = countChanges(before, await listVersions(bare));
  console.log(`${version.name} → ${next.name}`);
  console.log(`  Secrets written, of ${before.secrets.size}: ${secrets}`);
  console.log(`  statuses written, of ${before.jwts.size}: ${statuses}`);
  const decided = Object.entries(answers.decided).map(([decision, count]) => `${count} ${decision}`);
  console.log(`  reviews asked of both: ${answers.asked}; ${version.name} decided: ${decided.join(', ')}`);
  console.log(
    `  answers that differ: ${answers.decisions.length} with another decision or patch, ${answers.words.length} in other words`,
  );
  for (const difference of answers.decisions.slice(0, show)) print(difference);
  for (const difference of answers.words.slice(0, show)) print(difference);
  return [secrets === 0 && (mayDiffer || answers.decisions.length === 0), replacement];
}

function print({ question, from, to }: Difference): void {
  for (const text of [question, `before: ${from}`, `after:  ${to}`]) console.log(`    ${text.slice(0, 400)}`);
}
