import { join } from 'node:path';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { reviewText } from '../server/reviews.ts';
import { certificatesOf, startPeer } from './admission-rows.ts';
import { inParallel, openBareClient, type BareClient } from './bare-client.ts';
import { sendLoad, sendOne } from './load.ts';
import { isReady, reaches } from './log-lines.ts';
import { createMany, WIDTH } from './many-jwts.ts';
import { startMeasured } from './measured-service.ts';
import { formatMs, quantileOf, type Row } from './report.ts';
import { REVIEWS } from './review-sizes.ts';
import { WITHIN_MS } from './scaled-service.ts';

const PODS = 500;
/** Ours and the peer's pods take turns, so that both meet the same noise. */
const TURNS = 10;
const WARM_UP = 2_000;
const OURS = 'pods.tokens.osg-htc.org';
const PEER = 'peer.example.org';
const PATH = '/mutate/pods?timeout=5s';

/**
 * What the API server itself measures of us, beside a bare webhook that gives the same answers to pods of its own. The
 * patch and what the API server does with it are part of both.
 */
export async function measureAsSeenByApiServer(stage: Stage): Promise<readonly Row[]> {
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
  // As the API server sends it to us: with the volume of its ServiceAccount.
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
    const before = { ours: await readHistogram(bare, OURS), peer: await readHistogram(bare, PEER) };
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const pod of ['ours', 'peer'] as const) await inParallel(PODS / TURNS, width, () => create(pod));
    }
    const ours = difference(await readHistogram(bare, OURS), before.ours);
    const other = difference(await readHistogram(bare, PEER), before.peer);
    const [mean, peerMean] = [ours.sum / ours.count, other.sum / other.count];
    const [fast, peerFast] = [ours.within5ms / ours.count, other.within5ms / other.count];
    rows.push({
      what: `admission as the API server sees it, ${width === 1 ? 'one at a time' : `${width} at once`}`,
      ours: `mean ${formatMs(mean * 1_000)}, ${(fast * 100).toFixed(1)} % ≤ 5 ms`,
      peer: `bare webhook ${formatMs(peerMean * 1_000)}, ${(peerFast * 100).toFixed(1)} % ≤ 5 ms`,
      ratio: mean / peerMean,
      goal: width === 1 ? 'mean ≤ 1.25 ×, ≥ 99 % in the 5 ms bucket' : 'mean ≤ 1.25 ×',
      holds: mean <= 1.25 * peerMean && (width > 1 || fast >= 0.99),
      data: { ours, peer: other },
    });
  }
  const before = await readHistogram(bare, OURS);
  await inParallel(PODS, 8, () => create('none'));
  const calls = (await readHistogram(bare, OURS)).count - before.count;
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

/** p99 of reviews while the same process signs thousands of tokens; both halves share one thread. */
export async function measureWhileSigning(stage: Stage, count: number): Promise<Row> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
  const { ca } = await certificatesOf(stage);
  const logFile = join(cluster.folder, 'both.log');
  const args = [
    ...stage.serviceArgs,
    '--namespaces=both',
    `--webhook-address=127.0.0.1:${stage.webhookPort}`,
  ];
  const load = { port: stage.webhookPort, ca, path: PATH, body: REVIEWS['2.5 KB'], connections: 8 };
  await createMany(bare, { namespaces: ['both'], count: 0 });
  const idleService = await startMeasured({ args, logFile, cluster });
  await sendLoad({ ...load, requests: 4_000 });
  const idle = quantileOf(await sendLoad({ ...load, requests: 4_000 }), 0.99);
  await idleService.stop();

  await createMany(bare, { namespaces: ['both'], count });
  const service = await startMeasured({ args, logFile, cluster });
  for (let warm = 0; warm < 50; warm += 1) await sendOne(load);
  const latencies: number[] = [];
  const signing = new AbortController();
  const sendMeanwhile = async (): Promise<void> => {
    while (!signing.signal.aborted) latencies.push(...(await sendLoad({ ...load, requests: 400 })));
  };
  await Promise.all([
    sendMeanwhile(),
    service.waitForLog(reaches(count, isReady), WITHIN_MS).finally(() => signing.abort()),
  ]);
  await service.stop();
  bare.close();
  const busy = quantileOf(latencies, 0.99);
  return {
    what: `admission while ${count} tokens are signed, p99 at 8 connections (${latencies.length} reviews)`,
    ours: formatMs(busy),
    peer: `its own idle ${formatMs(idle)}`,
    ratio: busy / idle,
    goal: '≤ 5 × and < 50 ms',
    holds: busy <= 5 * idle && busy < 50,
    data: { busy, idle, reviews: latencies.length },
  };
}

interface Histogram {
  readonly sum: number;
  readonly count: number;
  readonly within5ms: number;
}

async function readHistogram(bare: BareClient, webhook: string): Promise<Histogram> {
  const text = await bare.send('GET', '/metrics');
  const name = 'apiserver_admission_webhook_admission_duration_seconds';
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith(name) && line.includes(`name="${webhook}"`));
  const total = (suffix: string, le?: string): number =>
    lines
      .filter(
        (line) => line.startsWith(`${name}_${suffix}{`) && (le === undefined || line.includes(`le="${le}"`)),
      )
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  return { sum: total('sum'), count: total('count'), within5ms: total('bucket', '0.005') };
}

function difference(after: Histogram, before: Histogram): Histogram {
  return {
    sum: after.sum - before.sum,
    count: after.count - before.count,
    within5ms: after.within5ms - before.within5ms,
  };
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
