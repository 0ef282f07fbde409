import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { limitMemory } from '../controlplane/memory-limit.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { certificatesOf } from './admission-rows.ts';
import { inParallel, openBareClient, type BareClient } from './bare-client.ts';
import { putIntoEtcd } from './etcd-store.ts';
import { makeHealthy, makeKeyedNamespace, type FieldOwners, type KeyedNamespace } from './healthy-jwts.ts';
import { liveHeapOf } from './live-heap.ts';
import { createMany, placeOf, WIDTH, writeKey } from './many-jwts.ts';
import { startMeasured, type MeasuredOptions, type MeasuredService } from './measured-service.ts';
import { formatMs, type Row } from './report.ts';
import { REVIEWS } from './review-sizes.ts';
import { streamReviews } from './review-stream.ts';
import { countRequests, listBare } from './steady-rows.ts';

export interface ScaleBench {
  readonly stage: Stage;
  /** JWTs at the end; a tenth of them is measured before. */
  readonly count: number;
  /** How long it is scraped, and then left alone. */
  readonly seconds: number;
}

/** What the shipped Deployment gives a container (deploy/kustomize/default/deployment.yaml). */
const SHIPPED_MEMORY = 512 * 2 ** 20;
const NAMESPACES = 100;
/** Keys of one namespace in ten are replaced: what follows takes a tenth of what all would take. */
const RESIGNED_SHARE = 10;
const SCRAPE_EVERY_MS = 15_000; // Prometheus' usual interval
const WITHIN_MS = 600_000;
/** As long as five scrapes take, about. */
const CALM_MS = 8_000;
/** Of a core, over some seconds: less than this is not work. */
const IDLE_SHARE = 0.03;
const IDLE_FOR_MS = 3_000;
const PEAK_GOAL_MIB = 450;
const MERGE = 'application/merge-patch+json';

/** A hundred thousand healthy JWTs, put into etcd as such: what they take, at the start and later. */
export async function measureScale(bench: ScaleBench): Promise<readonly Row[]> {
  const { stage, count } = bench;
  const bare = await openBareClient(stage.cluster.adminKubeconfig, WIDTH);
  const namespaces: KeyedNamespace[] = [];
  await inParallel(NAMESPACES, WIDTH, async (index) => {
    namespaces[index] = await makeKeyedNamespace(bare, `scale-${index}`);
  });
  const owners = await learnFieldOwners(stage, bare);
  const base = await measureHeap(stage, 'heap-base');
  const rows: Row[] = [];
  const add = (...more: readonly Row[]): void => {
    rows.push(...more);
    for (const { what, ours } of more) process.stderr.write(`  ${what}: ${ours}\n`);
  };
  let stored = 0;
  for (const size of [count / 10, count]) {
    process.stderr.write(`  ${size} JWTs are put into etcd\n`);
    await putIntoEtcd(stage.cluster.folder, makeHealthy({ from: stored, to: size }, namespaces, owners));
    stored = size;
    await waitForCaches(bare);
    const perJwt = ((await measureHeap(stage, `heap-${size}`)) - base) / size;
    add({
      what: `memory per JWT, ${size} of them`,
      ours: `${(perJwt / 1024).toFixed(2)} KB of live heap`,
      peer: '–',
      goal: '≤ 2.5 KB',
      holds: perJwt <= 2.5 * 1024,
      data: { perJwt, base },
    });
    if (size < count) add(await measureRestart(stage, bare, size));
  }
  add(...(await measureUnderLimit(bench, bare)));
  bare.close();
  return rows;
}

async function measureHeap(stage: Stage, name: string): Promise<number> {
  const service = await start(stage, name, { nodeFlags: ['--inspect=127.0.0.1:0'] });
  await settle(service);
  await waitUntilIdle(service);
  const live = await liveHeapOf(service);
  await service.stop();
  return live;
}

async function measureRestart(stage: Stage, bare: BareClient, count: number): Promise<Row> {
  await changeSomething(bare);
  const service = await start(stage, `restart-${count}`);
  const row = await judgeRestart(service, bare, count, 2);
  await service.stop();
  return row;
}

/**
 * An API server answers the pages of a list from memory only if the resource has changed since etcd was compacted, which
 * happens every five minutes; else it reads each page from etcd again and takes five times as long. Among so many JWTs one is
 * renewed each second; here nothing happens, so one of each resource is changed before each list.
 */
async function changeSomething(bare: BareClient): Promise<void> {
  const { namespace, name } = placeOf(0, ['scale-0']);
  const path = `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`;
  const annotations = { changed: String(Date.now()) };
  await bare.send('PATCH', path, JSON.stringify({ metadata: { annotations } }), MERGE);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 'changed-' } };
  await bare.send('POST', '/api/v1/namespaces/default/secrets', JSON.stringify(secret));
}

/** From process start until every JWT was looked at. */
async function judgeRestart(
  service: MeasuredService,
  bare: BareClient,
  count: number,
  goal: number,
): Promise<Row> {
  await settle(service);
  const evaluatedMs = performance.now() - service.startedAt;
  const signed = service.logLines().filter(({ msg }) => msg === 'signed').length;
  await changeSomething(bare);
  const listsMs = await listBare(bare);
  return {
    what: `restart with ${count} healthy JWTs in ${NAMESPACES} namespaces`,
    ours: `${formatMs(evaluatedMs)}, ${signed} signed`,
    peer: `the same lists, parsed ${formatMs(listsMs)}`,
    ratio: evaluatedMs / listsMs,
    goal: `≤ ${goal} ×, 0 signed`,
    holds: evaluatedMs <= goal * listsMs && signed === 0,
    data: { evaluatedMs, listsMs, signed },
  };
}

/** As shipped: webhook, controller and scrapes in one process under the memory limit of the Deployment. */
async function measureUnderLimit({ stage, count, seconds }: ScaleBench, bare: BareClient): Promise<Row[]> {
  const memory = limitMemory(SHIPPED_MEMORY);
  try {
    await changeSomething(bare);
    const service = await start(stage, 'limited', { memory });
    const restart = await judgeRestart(service, bare, count, 1.2);
    const afterStartMiB = service.peakMiB();
    const admission = await measureWhileScraped(stage, service, count);
    for (let passed = 0; passed < seconds * 1_000; passed += SCRAPE_EVERY_MS) {
      await Promise.all([scrape(service), sleep(SCRAPE_EVERY_MS)]);
    }
    const quiet = await measureQuiet(service, bare, seconds);
    const resigned = Math.floor(count / RESIGNED_SHARE);
    const resignedMs = await resign(service, bare, resigned);
    const peakMiB = service.peakMiB();
    await service.stop();
    const hourOfAll = (resignedMs * RESIGNED_SHARE) / 3_600_000;
    const isQuiet = quiet.share <= 0.01 && quiet.perSecond < 1;
    const row: Row = {
      what: `${count} JWTs under 512 MiB (${memory.means})`,
      ours:
        `alive, peak ${peakMiB.toFixed(0)} MiB (start ${afterStartMiB.toFixed(0)}); nothing due: ${(quiet.share * 100).toFixed(2)} % of a core, ` +
        `${quiet.perSecond.toFixed(2)} requests/s; ${resigned} signed again in ${formatMs(resignedMs)}`,
      peer: '–',
      goal: `peak ≤ ${PEAK_GOAL_MIB} MiB, ≤ 1 % of a core, < 1 request/s, all signed again within an hour`,
      holds: peakMiB <= PEAK_GOAL_MIB && isQuiet && hourOfAll <= 1,
      data: { peakMiB, afterStartMiB, ...quiet, resigned, resignedMs, means: memory.means },
    };
    return [restart, admission, row];
  } finally {
    await memory.close();
  }
}

async function measureWhileScraped(stage: Stage, service: MeasuredService, count: number): Promise<Row> {
  const { ca } = await certificatesOf(stage);
  const load = {
    port: stage.webhookPort,
    ca,
    path: '/mutate/pods?timeout=5s',
    body: REVIEWS['2.5 KB'],
    connections: 4,
  };
  const calmReviews = await streamReviews(load);
  await sleep(CALM_MS);
  const calm = await calmReviews.stop();
  const scrapedReviews = await streamReviews(load);
  let series = 0;
  for (let round = 0; round < 5; round += 1) series += await scrape(service);
  const { longest, reviews } = await scrapedReviews.stop();
  return {
    what: `admission while ${count} JWTs are scraped, longest of ${reviews} answers during five scrapes`,
    ours: formatMs(longest),
    peer: `calm ${formatMs(calm.longest)}, of ${calm.reviews}`,
    goal: '< 50 ms',
    holds: longest < 50 && series >= 15 * count,
    data: { longest, calm: calm.longest, reviews, series },
  };
}

/** Reads `/metrics` whole; gives the number of lines that are of one JWT. */
async function scrape(service: MeasuredService): Promise<number> {
  let lines = 0;
  try {
    const answer = await fetch(`http://127.0.0.1:${service.httpPort}/metrics`);
    for await (const chunk of answer.body ?? [])
      lines += Buffer.from(chunk).toString('latin1').split('{namespace=').length - 1;
  } catch (error) {
    service.expectAlive();
    throw error;
  }
  return lines;
}

async function measureQuiet(service: MeasuredService, bare: BareClient, seconds: number) {
  const [requests, cpu] = [await countRequests(bare), service.cpuSeconds()];
  await sleep(seconds * 1_000);
  return {
    perSecond: ((await countRequests(bare)).total - requests.total) / seconds,
    share: (service.cpuSeconds() - cpu) / seconds,
  };
}

/** New keys for some namespaces; milliseconds until all of their JWTs are signed with them. */
async function resign(service: MeasuredService, bare: BareClient, count: number): Promise<number> {
  const startedAt = performance.now();
  for (let index = 0; index < NAMESPACES / RESIGNED_SHARE; index += 1) await writeKey(bare, `scale-${index}`);
  let signed = 0;
  await service.waitForLog(({ msg }) => msg === 'signed' && (signed += 1) === count, WITHIN_MS);
  return performance.now() - startedAt;
}

/** One JWT made and signed in the ordinary way shows which fields the API server notes for whom. It is removed again. */
async function learnFieldOwners(stage: Stage, bare: BareClient): Promise<FieldOwners> {
  const namespace = 'scale-sample';
  await createMany(bare, { namespaces: [namespace], count: 1 });
  const service = await start(stage, 'sample');
  await settle(service);
  await service.stop();
  const { name } = placeOf(0, [namespace]);
  const read = async (path: string) => JSON.parse(await bare.send('GET', path)).metadata;
  const jwt = await read(`/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`);
  const secret = await read(`/api/v1/namespaces/${namespace}/secrets/${name}`);
  await bare.send('DELETE', `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`);
  return { jwt: jwt.managedFields, secret: secret.managedFields, uid: jwt.uid };
}

/** The API server lists from its watch caches, which take minutes to read what etcd took in one. */
async function waitForCaches(bare: BareClient): Promise<void> {
  for (const path of ['/apis/tokens.osg-htc.org/v1/jwts?limit=1', '/api/v1/secrets?limit=1']) {
    await waitUntil('the watch caches of the API server', WITHIN_MS, () =>
      bare.send('GET', path).catch(() => undefined),
    );
  }
}

function start(
  stage: Stage,
  name: string,
  more: Pick<MeasuredOptions, 'nodeFlags' | 'memory'> = {},
): Promise<MeasuredService> {
  return startMeasured({
    args: [...stage.serviceArgs, `--webhook-address=127.0.0.1:${stage.webhookPort}`],
    logFile: join(stage.cluster.folder, `${name}.log`),
    cluster: stage.cluster,
    ...more,
  });
}

async function settle(service: MeasuredService): Promise<void> {
  await service.waitForLog(({ msg }) => msg === 'every JWT was looked at', WITHIN_MS);
}

/** Signatures that the status vouched for are checked after the rounds, and until then the texts of the tokens are kept. */
async function waitUntilIdle(service: MeasuredService): Promise<void> {
  await waitUntil('an idle service', WITHIN_MS, async () => {
    const before = service.cpuSeconds();
    await sleep(IDLE_FOR_MS);
    return service.cpuSeconds() - before < (IDLE_FOR_MS / 1_000) * IDLE_SHARE || undefined;
  });
}
