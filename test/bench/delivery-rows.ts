import { setTimeout as sleep } from 'node:timers/promises';
import { readShippedContainer } from '../controlplane/shipped-containers.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { installDeliveryRights } from '../deploy/delivery-rights.ts';
import type { BareClient } from './bare-client.ts';
import { putIntoEtcd } from './etcd-store.ts';
import { makeHealthy } from './healthy-jwts.ts';
import { isSigned, timeOf, type LogLine } from './log-lines.ts';
import { placeOf } from './many-jwts.ts';
import type { MeasuredService } from './measured-service.ts';
import { makePods, makeSamplePod, podName } from './mounting-pods.ts';
import { formatMs, type Row } from './report.ts';
import {
  formatLateness,
  keptFresh,
  minRenewals,
  readMetrics,
  readNudges,
  renewOften,
  shareOf,
  SHORT,
} from './short-jwts.ts';
import {
  changeSomething,
  measureHeap,
  openScale,
  resign,
  settle,
  start,
  waitForCaches,
  WITHIN_MS,
} from './scaled-service.ts';

export interface DeliveryBench {
  readonly stage: Stage;
  /** Number of JWTs, in a hundred namespaces. */
  readonly jwts: number;
  /**
   * Number of pods that mount their Secrets. A tenth of them mounts the Secret of a single JWT, another tenth
   * those that are renewed each minute.
   */
  readonly pods: number;
  /** How long these are renewed, in seconds. */
  readonly seconds: number;
}

const NAMESPACES = 100;
const SHORT_NAMESPACES = ['short-without', 'short'] as const;
const NAMES = Array.from({ length: NAMESPACES }, (_, index) => `scale-${index}`);
const MERGE = 'application/merge-patch+json';
const CROWD_SECONDS = 2;
const DELIVERS = ['--prompt-delivery'];
/** Number of the `NAMESPACES` whose keys are replaced, so that all of their JWTs are signed again. */
const RESIGNED = 10;
/** Goals of docs/performance.md. */
const BYTES_GOAL = 700;
const DELAY_GOAL = 1.1;
const PACE_GOAL = 45;

/** Very many pods mount very many Secrets: the cost of tracking them, and whether nudges delay signing. */
export async function measureDelivery(bench: DeliveryBench): Promise<readonly Row[]> {
  const { stage, jwts, pods } = bench;
  await installDeliveryRights(stage.cluster);
  const { bare, namespaces, owners } = await openScale(stage, NAMESPACES);
  const sample = await makeSamplePod(stage, bare, 'scale-0');
  process.stderr.write(`  ${jwts} JWTs and ${pods} pods are put into etcd\n`);
  await putIntoEtcd(stage.cluster.folder, makeHealthy({ from: 0, to: jwts }, namespaces, owners));
  await waitForCaches(bare);
  const heap = { jwts, args: DELIVERS, waitForMore: waitForPods };
  const base = await measureHeap(stage, 'heap-without-pods', heap);
  await putIntoEtcd(stage.cluster.folder, makePods(sample, listPlaces(bench)));
  await waitForCaches(bare, ['/api/v1/pods?limit=1']);
  const perPod = ((await measureHeap(stage, 'heap-with-pods', heap)) - base) / pods;
  const rows: Row[] = [
    {
      what: `memory per pod, ${pods} of them, one mount each`,
      ours: `${perPod.toFixed(0)} bytes of live heap`,
      peer: '–',
      goal: `≤ ${BYTES_GOAL} bytes`,
      holds: perPod <= BYTES_GOAL,
      data: { perPod, base, podBytes: sample.json.length },
    },
    ...(await measureUnderLimit(bench, bare)),
  ];
  bare.close();
  return rows;
}

/** The namespace of each pod, and the Secret that it mounts. */
function* listPlaces({
  jwts,
  pods,
}: Pick<DeliveryBench, 'jwts' | 'pods'>): Generator<{ namespace: string; secret: string }> {
  for (let number = 0; number < pods; number += 1) {
    const kind = number % 10;
    // The first JWT of the last namespace is the one with many pods; the keys of the first namespaces are
    // replaced.
    const index = kind === 0 ? NAMESPACES - 1 : number % jwts;
    const { namespace, name } = placeOf(index, NAMES);
    if (kind === 1)
      yield { namespace: SHORT_NAMESPACES[1], secret: placeOf(Math.floor(number / 10) % SHORT, ['']).name };
    else yield { namespace, secret: name };
  }
}

async function waitForPods(service: MeasuredService): Promise<void> {
  await service.waitForLog(({ msg }) => msg === 'every pod was looked at', WITHIN_MS);
}

async function measureUnderLimit(bench: DeliveryBench, bare: BareClient): Promise<readonly Row[]> {
  const { stage, jwts, pods, seconds } = bench;
  const resigned = { namespaces: RESIGNED, jwts: (jwts / NAMESPACES) * RESIGNED };
  const limitMiB = readShippedContainer('jwt-injector').memory / 2 ** 20;
  await changeSomething(bare);
  await using without = await start(stage, 'without-delivery');
  await settle(without, jwts);
  const settledWithoutMs = performance.now() - without.startedAt;
  const aloneMs = await resign(without, bare, resigned);
  const lateAlone = await renewOften(without, bare, SHORT_NAMESPACES[0], seconds);
  const aloneMiB = without.peakMiB();
  await without.stop();
  await bare.send('DELETE', `/apis/tokens.osg-htc.org/v1/namespaces/${SHORT_NAMESPACES[0]}/jwts`);

  await changeSomething(bare);
  await changeSomePod(bare);
  await using service = await start(stage, 'with-delivery', { args: DELIVERS });
  await settle(service, jwts);
  const settledMs = performance.now() - service.startedAt;
  await waitForPods(service);
  const listedMs = performance.now() - service.startedAt;
  await changeSomePod(bare);
  const bareMs = await listPodsBare(bare);
  const startMiB = service.peakMiB();

  const crowdAlone = await renewCrowd(service, bare);
  await waitForNudges(service, crowdOf(pods));
  const besideMs = await resign(service, bare, resigned);
  const pace = await measurePace(service);
  const crowd = await renewCrowd(service, bare);
  const late = await renewOften(service, bare, SHORT_NAMESPACES[1], seconds);
  const peakMiB = service.peakMiB();
  service.expectAlive();
  return [
    {
      what: `first list of ${pods} pods beside ${jwts} JWTs, from process start`,
      ours: `pods ${formatMs(listedMs)}, JWTs ${formatMs(settledMs)}`,
      peer: `without prompt delivery JWTs ${formatMs(settledWithoutMs)}; the pods alone, parsed ${formatMs(bareMs)}`,
      ratio: listedMs / (settledWithoutMs + bareMs),
      goal: '≤ 1.2 × both one after the other',
      holds: listedMs <= 1.2 * (settledWithoutMs + bareMs),
      data: { listedMs, settledMs, settledWithoutMs, bareMs },
    },
    {
      what: `${resigned.jwts} signed again, each with its pods to nudge`,
      ours: `${formatMs(besideMs)}; then ${pace.perSecond.toFixed(1)} nudges/s; ${JSON.stringify(pace.nudges)}`,
      peer: `without prompt delivery ${formatMs(aloneMs)}`,
      ratio: besideMs / aloneMs,
      goal: `≤ ${DELAY_GOAL} ×, ≥ ${PACE_GOAL} nudges/s`,
      holds: besideMs <= DELAY_GOAL * aloneMs && pace.perSecond >= PACE_GOAL,
      data: { besideMs, aloneMs, ...pace },
    },
    judgeCrowd(`a Secret of ${crowdOf(pods)} pods is renewed while no other pod waits`, crowdAlone),
    judgeCrowd(`the same while more pods wait than can be nudged`, crowd),
    {
      what: `lateness of ${late.total} renewals of ${SHORT} JWTs of 1–2 min with ${Math.floor(pods / 10 / SHORT)} pods each, ${seconds} s`,
      ours: `${formatLateness(late)}; ${JSON.stringify(late.nudges)}`,
      peer: `without prompt delivery ${lateAlone.total} renewals, ${formatLateness(lateAlone)}`,
      goal: `as many in time, within 1 %, ≥ ${minRenewals(seconds)} renewals, all tokens valid`,
      holds: shareOf(late) >= shareOf(lateAlone) - 0.01 && keptFresh(late, seconds),
      data: { late, lateAlone },
    },
    {
      what: `${jwts} JWTs and ${pods} pods under ${limitMiB} MiB (${service.limitedBy})`,
      ours: `alive, peak ${peakMiB.toFixed(0)} MiB (start ${startMiB.toFixed(0)})`,
      peer: `without prompt delivery ${aloneMiB.toFixed(0)} MiB`,
      goal: 'alive, peak below that',
      holds: peakMiB < limitMiB,
      data: { peakMiB, startMiB, aloneMiB },
    },
  ];
}

/** Lists the pods, page by page and parsed, without the service. Milliseconds. */
async function listPodsBare(bare: BareClient): Promise<number> {
  const startedAt = performance.now();
  let next = '';
  do {
    const page = JSON.parse(
      await bare.send('GET', `/api/v1/pods?limit=500&continue=${encodeURIComponent(next)}`),
    );
    next = page.metadata.continue ?? '';
  } while (next !== '');
  return performance.now() - startedAt;
}

const PACE_SECONDS = 20;
/** One scrape with that number of JWTs takes a second. */
const ASK_EVERY_MS = 5_000;

/** Right after very many renewals: more pods wait than can be nudged at once. */
async function measurePace(service: MeasuredService) {
  const before = readNudges(await readMetrics(service));
  const startedAt = performance.now();
  await sleep(PACE_SECONDS * 1_000);
  const nudges = readNudges(await readMetrics(service));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perSecond: ((nudges['done'] ?? 0) - (before['done'] ?? 0)) / seconds, nudges };
}

/** The number of pods that mount the one Secret. */
function crowdOf(pods: number): number {
  return Math.ceil(pods / 10);
}

/** Waits until `count` nudges have a result. Before, no nudge must have one. */
async function waitForNudges(service: MeasuredService, count: number): Promise<void> {
  await waitUntil('the nudges', WITHIN_MS, async () => {
    await sleep(ASK_EVERY_MS);
    const results = Object.values(readNudges(await readMetrics(service)));
    return results.reduce((sum, each) => sum + each, 0) >= count;
  });
}

function judgeCrowd(what: string, { calmMs, longestMs }: Crowd): Row {
  return {
    what,
    ours: `longest answer of /livez ${formatMs(longestMs)}`,
    peer: `calm ${formatMs(calmMs)}`,
    goal: 'calm + 50 ms',
    holds: longestMs <= calmMs + 50,
    data: { calmMs, longestMs },
  };
}

/** Longest answers of `/livez`, in milliseconds. */
interface Crowd {
  readonly calmMs: number;
  readonly longestMs: number;
}

/** Renews the Secret that a tenth of the pods mounts; `calmMs` is from the time before. */
async function renewCrowd(service: MeasuredService, bare: BareClient): Promise<Crowd> {
  const { namespace, name } = placeOf(NAMESPACES - 1, NAMES);
  const path = `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`;
  const annotations = { 'tokens.osg-htc.org/renew': String(Date.now()) };
  const calmMs = await longestAnswerDuring(service, () => sleep(CROWD_SECONDS * 1_000));
  const longestMs = await longestAnswerDuring(service, async () => {
    const begin = Date.now();
    const isRenewed = (line: LogLine): boolean =>
      isSigned(line, 'RenewRequested') && line['name'] === name && timeOf(line) >= begin;
    await bare.send('PATCH', path, JSON.stringify({ metadata: { annotations } }), MERGE);
    await service.waitForLog(isRenewed, WITHIN_MS);
    await sleep(CROWD_SECONDS * 1_000); // nudges begin 0.2 s after the write of the Secret
  });
  return { calmMs, longestMs };
}

async function longestAnswerDuring(
  service: MeasuredService,
  during: () => Promise<unknown>,
): Promise<number> {
  let longest = 0;
  const over = new AbortController();
  const ask = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const startedAt = performance.now();
      await (await fetch(`http://127.0.0.1:${service.httpPort}/livez`)).text();
      longest = Math.max(longest, performance.now() - startedAt);
    }
  };
  await Promise.all([ask(), during().finally(() => over.abort())]);
  return longest;
}

/** As `changeSomething`, for pods. */
async function changeSomePod(bare: BareClient): Promise<void> {
  const [first] = listPlaces({ jwts: NAMESPACES, pods: 1 });
  const annotations = { changed: String(Date.now()) };
  const path = `/api/v1/namespaces/${first?.namespace}/pods/${podName(1)}`;
  await bare.send('PATCH', path, JSON.stringify({ metadata: { annotations } }), MERGE);
}
