import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readShippedContainer } from '../controlplane/shipped-containers.ts';
import type { Stage } from '../controlplane/stage.ts';
import { certificatesOf } from './admission-rows.ts';
import { countRequests, requestsBetween } from './api-requests.ts';
import type { BareClient } from './bare-client.ts';
import { putIntoEtcd } from './etcd-store.ts';
import { makeHealthy } from './healthy-jwts.ts';
import { isSigned } from './log-lines.ts';
import type { MeasuredService } from './measured-service.ts';
import { formatMs, type Row } from './report.ts';
import { describeRestart } from './restart-row.ts';
import { REVIEWS } from './review-sizes.ts';
import { streamReviews } from './review-stream.ts';
import {
  changeSomething,
  measureHeap,
  openScale,
  resign,
  settle,
  start,
  waitForCaches,
} from './scaled-service.ts';
import { listBare } from './steady-rows.ts';

export interface ScaleBench {
  readonly stage: Stage;
  /** Number of JWTs at the end. A tenth of them is measured first. */
  readonly count: number;
  /** How long it is scraped, and then left alone, in seconds. */
  readonly seconds: number;
}

const NAMESPACES = 100;
const SCRAPE_EVERY_MS = 15_000; // Prometheus' usual interval
/** About the time that five scrapes take. */
const CALM_MS = 8_000;
/**
 * After a start, signatures are checked, at most 2,000 a second: a problem would show within this number of
 * them.
 */
const AFTERMATH_MS = 10_000;
const HOUR_MS = 3_600_000;
const PEAK_GOAL_MIB = 450;
const OF_ONE_JWT = '{namespace=';

/** A hundred thousand healthy JWTs, written directly into etcd: their costs at the start and later. */
export async function measureScale(bench: ScaleBench): Promise<readonly Row[]> {
  const { stage, count } = bench;
  const { bare, namespaces, owners } = await openScale(stage, NAMESPACES);
  const base = await measureHeap(stage, 'heap-base', { jwts: 0 });
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
    const perJwt = ((await measureHeap(stage, `heap-${size}`, { jwts: size })) - base) / size;
    add({
      what: `memory per JWT, ${size} of them`,
      ours: `${(perJwt / 1024).toFixed(2)} KB of live heap`,
      peer: '–',
      goal: '≤ 2.5 KB',
      holds: perJwt <= 2.5 * 1024,
      data: { perJwt, base },
    });
    if (size === count) continue;
    const { service, row } = await restart(stage, bare, { jwts: size, most: 2 });
    add(row);
    await service.stop();
  }
  add(...(await measureUnderLimit(bench, bare)));
  bare.close();
  return rows;
}

/** Starts the service when all JWTs are healthy: its requests, and the time until each JWT was checked. */
async function restart(
  stage: Stage,
  bare: BareClient,
  { jwts, most }: { readonly jwts: number; readonly most: number },
): Promise<{ readonly service: MeasuredService; readonly row: Row }> {
  await changeSomething(bare);
  const before = await countRequests(bare);
  const service = await start(stage, `restart-${jwts}`);
  await settle(service, jwts);
  const evaluatedMs = performance.now() - service.startedAt;
  await sleep(AFTERMATH_MS);
  const signed = service.logLines().filter((line) => isSigned(line)).length;
  const after = await countRequests(bare);
  await changeSomething(bare);
  const listsMs = await listBare(bare);
  const row = describeRestart(
    { jwts, namespaces: NAMESPACES, runs: [{ evaluatedMs, listsMs, signed, before, after }] },
    most,
  );
  return { service, row };
}

/** As shipped: webhook, controller and scrapes in one process, under the memory limit of the Deployment. */
async function measureUnderLimit({ stage, count, seconds }: ScaleBench, bare: BareClient): Promise<Row[]> {
  const restarted = await restart(stage, bare, { jwts: count, most: 1.2 });
  await using service = restarted.service;
  const afterStartMiB = service.peakMiB();
  const admission = await measureWhileScraped(stage, service, count);
  for (let passed = 0; passed < seconds * 1_000; passed += SCRAPE_EVERY_MS) {
    await Promise.all([scrape(service), sleep(SCRAPE_EVERY_MS)]);
  }
  const quiet = await measureQuiet(service, bare, seconds);
  const resignedMs = await resign(service, bare, { namespaces: NAMESPACES, jwts: count });
  const peakMiB = service.peakMiB();
  const limitMiB = readShippedContainer('jwt-injector').memory / 2 ** 20;
  const isQuiet = quiet.share <= 0.01 && quiet.perSecond < 1;
  const row: Row = {
    what: `${count} JWTs under ${limitMiB} MiB (${service.limitedBy})`,
    ours:
      `alive, peak ${peakMiB.toFixed(0)} MiB (start ${afterStartMiB.toFixed(0)}); nothing due: ${(quiet.share * 100).toFixed(2)} % of a core, ` +
      `${quiet.perSecond.toFixed(2)} requests/s; all signed again in ${formatMs(resignedMs)}`,
    peer: '–',
    goal: `peak ≤ ${PEAK_GOAL_MIB} MiB, ≤ 1 % of a core, < 1 request/s, all signed again within an hour`,
    holds: peakMiB <= PEAK_GOAL_MIB && isQuiet && resignedMs <= HOUR_MS,
    data: { peakMiB, afterStartMiB, ...quiet, resignedMs, means: service.limitedBy },
  };
  return [restarted.row, admission, row];
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

/**
 * Reads the whole `/metrics` and gives the number of lines about single JWTs. They are counted in the bytes
 * as they arrive: a Prometheus would run on another machine, and parsing here would delay the reviews.
 */
async function scrape(service: MeasuredService): Promise<number> {
  let lines = 0;
  let end = Buffer.alloc(0); // can hold the beginning of a line that the next chunk continues
  try {
    const asking = get(`http://127.0.0.1:${service.httpPort}/metrics`);
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    for await (const chunk of answer) {
      const bytes = Buffer.concat([end, chunk as Buffer]);
      for (
        let at = bytes.indexOf(OF_ONE_JWT);
        at >= 0;
        at = bytes.indexOf(OF_ONE_JWT, at + OF_ONE_JWT.length)
      )
        lines += 1;
      end = bytes.subarray(bytes.length - (OF_ONE_JWT.length - 1));
    }
  } catch (error) {
    service.expectAlive();
    throw error;
  }
  return lines;
}

async function measureQuiet(service: MeasuredService, bare: BareClient, seconds: number) {
  const [before, cpu] = [await countRequests(bare), service.cpuSeconds()];
  await sleep(seconds * 1_000);
  return {
    perSecond: requestsBetween(before, await countRequests(bare)).total / seconds,
    share: (service.cpuSeconds() - cpu) / seconds,
  };
}
