import { join } from 'node:path';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { reviewText } from '../server/reviews.ts';
import { certificatesOf, startPeer } from './admission-rows.ts';
import { inParallel, openBareClient, type BareClient } from './bare-client.ts';
import { openLanes, sendOne } from './load.ts';
import { isReady, isSigned, reaches, timeOf, type LogLine } from './log-lines.ts';
import { createMany, WIDTH, writeKey } from './many-jwts.ts';
import { startMeasured } from './measured-service.ts';
import { durationsBetween, readDurations, type Durations } from './webhook-durations.ts';
import { formatMs, medianOf, quantileOf, type Row } from './report.ts';
import { REVIEWS } from './review-sizes.ts';
import { waitUntilIdle, WITHIN_MS } from './scaled-service.ts';

const PODS = 500;
/** Our pods and those of the bare webhook take turns, so that other load affects both. */
const TURNS = 10;
const WARM_UP = 2_000;
const IDLE_REVIEWS = 4_000;
const OURS = 'pods.tokens.osg-htc.org';
/** The end of the names of all our webhooks, such as that for pods of a namespace with a default. */
const ANY_OF_OURS = '.tokens.osg-htc.org';
const PEER = 'peer.example.org';
const PATH = '/mutate/pods?timeout=5s';

/**
 * The times that the API server itself measures for our webhook, compared with a bare webhook that gives the
 * same answers for pods of its own. Both include the patch and its processing by the API server. Each of the
 * `runs` creates the same number of pods for both.
 */
export async function measureAsSeenByApiServer(stage: Stage, runs: number): Promise<readonly Row[]> {
  const { cluster } = stage;
  const service = await startMeasured({
    args: [...stage.serviceArgs, '--no-controller', `--webhook-address=127.0.0.1:${stage.webhookPort}`],
    logFile: join(cluster.folder, 'seen.log'),
    cluster,
  });
  const { ca } = await certificatesOf(stage);
  await cluster.createNamespace('seen');
  const bare = await openBareClient(cluster.adminKubeconfig, 8);
  let serial = 0;
  const create = (pod: keyof typeof ANNOTATIONS): Promise<string> => {
    serial += 1;
    return bare.send(
      'POST',
      '/api/v1/namespaces/seen/pods?dryRun=All',
      JSON.stringify(makePod(`pod-${serial}`, ANNOTATIONS[pod])),
    );
  };
  // The pod as the API server sends it to us: with the volume of its ServiceAccount.
  const sent = JSON.parse(await create('none'));
  sent.metadata.annotations = ANNOTATIONS.ours;
  const answer = await sendOne({
    port: stage.webhookPort,
    ca,
    path: PATH,
    body: reviewText({ object: sent }),
  });
  const peer = await startPeer(stage, answer, 'seen-peer');
  await cluster.apply(JSON.stringify(peerConfiguration(peer.port, ca)));
  await waitUntil('the peer to be called', 10_000, async () => (await create('peer')).includes('jwt-my-jwt'));
  for (const pod of ['ours', 'peer'] as const) await inParallel(WARM_UP, 8, () => create(pod));
  const rows: Row[] = [];
  for (const width of [1, 8]) {
    const done: SeenRun[] = [];
    while (done.length < runs) {
      const before = { ours: await readHistogram(bare, OURS), peer: await readHistogram(bare, PEER) };
      for (let turn = 0; turn < TURNS; turn += 1) {
        for (const pod of ['ours', 'peer'] as const) await inParallel(PODS / TURNS, width, () => create(pod));
      }
      done.push({
        ours: durationsBetween(await readHistogram(bare, OURS), before.ours),
        peer: durationsBetween(await readHistogram(bare, PEER), before.peer),
      });
    }
    rows.push(describeSeen(width, done));
  }
  const before = await readHistogram(bare, ANY_OF_OURS);
  await inParallel(PODS, 8, () => create('none'));
  const calls = (await readHistogram(bare, ANY_OF_OURS)).count - before.count;
  rows.push({
    what: `calls for ${PODS} pods that did not opt in`,
    ours: String(calls),
    peer: '–',
    goal: '0',
    holds: calls === 0,
    data: { calls },
  });
  bare.close();
  await Promise.all([service.stop(), peer.stop()]);
  return rows;
}

/** The measurements of the API server in one run. */
interface SeenRun {
  readonly ours: Durations;
  readonly peer: Durations;
}

/** The median of each figure over the runs, also of the ratio, as each run has its own. */
function describeSeen(width: number, runs: readonly SeenRun[]): Row {
  const median = (read: (run: SeenRun) => number): number => medianOf(runs.map(read));
  const meanOf = ({ sum, count }: Durations): number => sum / count;
  const fastOf = ({ within5ms, count }: Durations): number => within5ms / count;
  const describe = (name: keyof SeenRun): string =>
    `mean ${formatMs(median((run) => meanOf(run[name])) * 1_000)}, ` +
    `${(median((run) => fastOf(run[name])) * 100).toFixed(1)} % ≤ 5 ms`;
  const ratio = median(({ ours, peer }) => meanOf(ours) / meanOf(peer));
  return {
    what: `admission as the API server sees it, ${width === 1 ? 'one at a time' : `${width} at once`}`,
    ours: describe('ours'),
    peer: `bare webhook ${describe('peer')}`,
    ratio,
    goal: width === 1 ? 'mean ≤ 1.25 ×, ≥ 99 % in the 5 ms bucket' : 'mean ≤ 1.25 ×',
    holds: ratio <= 1.25 && (width > 1 || median(({ ours }) => fastOf(ours)) >= 0.99),
    runs: runs.length,
    data: { runs },
  };
}

/**
 * p99 of reviews while the same process signs thousands of tokens; both share one thread. Before each of the
 * `runs` the process is idle; then the key of all tokens is replaced.
 */
export async function measureWhileSigning(
  stage: Stage,
  { count, runs }: { readonly count: number; readonly runs: number },
): Promise<Row> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
  const { ca } = await certificatesOf(stage);
  const load = { port: stage.webhookPort, ca, path: PATH, body: REVIEWS['2.5 KB'], connections: 8 };
  await createMany(bare, { namespaces: ['both'], count });
  const service = await startMeasured({
    args: [...stage.serviceArgs, '--namespaces=both', `--webhook-address=127.0.0.1:${stage.webhookPort}`],
    logFile: join(cluster.folder, 'both.log'),
    cluster,
  });
  await service.waitForLog(reaches(count, isReady), WITHIN_MS);
  const lanes = openLanes(load); // one handshake in fifty reviews would be what a p99 shows
  await lanes.send(IDLE_REVIEWS);
  const done: SigningRun[] = [];
  while (done.length < runs) {
    await waitUntilIdle(service); // statuses and Events are written after the tokens
    const idle = quantileOf(await lanes.send(IDLE_REVIEWS), 0.99);
    const busy: number[] = [];
    const signing = new AbortController();
    const sendMeanwhile = async (): Promise<void> => {
      while (!signing.signal.aborted) busy.push(...(await lanes.send(400)));
    };
    const sign = async (): Promise<void> => {
      const begin = Date.now();
      await writeKey(bare, 'both');
      const isResigned = (line: LogLine): boolean => isSigned(line, 'KeyChanged') && timeOf(line) >= begin;
      await service.waitForLog(reaches(count, isResigned), WITHIN_MS);
    };
    await Promise.all([sendMeanwhile(), sign().finally(() => signing.abort())]);
    done.push({ idle, busy: quantileOf(busy, 0.99), reviews: busy.length });
  }
  lanes.close();
  await service.stop();
  bare.close();
  return describeSigning(count, done);
}

/** 99th percentiles of one run in milliseconds, and the number of reviews while tokens were signed. */
interface SigningRun {
  readonly idle: number;
  readonly busy: number;
  readonly reviews: number;
}

/** Medians, as in `describeSeen`. */
function describeSigning(count: number, runs: readonly SigningRun[]): Row {
  const median = (read: (run: SigningRun) => number): number => medianOf(runs.map(read));
  const [busy, ratio] = [median((run) => run.busy), median((run) => run.busy / run.idle)];
  return {
    what: `admission while ${count} tokens are signed, p99 at 8 connections (${median((run) => run.reviews)} reviews)`,
    ours: formatMs(busy),
    peer: `its own idle ${formatMs(median((run) => run.idle))}`,
    ratio,
    goal: '≤ 5 × and < 50 ms',
    holds: ratio <= 5 && busy < 50,
    runs: runs.length,
    data: { runs },
  };
}

async function readHistogram(bare: BareClient, webhook: string): Promise<Durations> {
  return readDurations(await bare.send('GET', '/metrics'), webhook);
}

const ANNOTATIONS = {
  ours: { 'tokens.osg-htc.org/token': 'my-jwt' },
  peer: { 'peer.example.org/token': 'my-jwt' },
  none: { colour: 'blue' },
} as const;

function makePod(name: string, annotations: Readonly<Record<string, string>>): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations },
    spec: { containers: ['a', 'b'].map((container) => ({ name: container, image: 'busybox' })) },
  };
}

function peerConfiguration(port: number, ca: string): unknown {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'peer' },
    webhooks: [
      {
        name: PEER,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        clientConfig: {
          url: `https://127.0.0.1:${port}/mutate`,
          caBundle: Buffer.from(ca).toString('base64'),
        },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        matchConditions: [
          {
            name: 'is-for-the-peer',
            expression:
              "object.metadata.?annotations.orValue({}).exists(key, key.startsWith('peer.example.org/'))",
          },
        ],
      },
    ],
  };
}
