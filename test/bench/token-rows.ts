import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAdminClient } from '../integration/admin-client.ts';
import { resourcePath } from '../../src/kube/resource-path.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { applyBare, openBareClient } from './bare-client.ts';
import { isReady, isSigned, reaches, timeOf, type LogLine } from './log-lines.ts';
import { createMany, placeOf, readSample, WIDTH, writeBare, writeKey } from './many-jwts.ts';
import { startMeasured } from './measured-service.ts';
import { formatMs, medianOf, quantileOf, type Row } from './report.ts';
import { JWTS, SECRETS } from '../../src/kube/known-resources.ts';

export interface TokenBench {
  readonly stage: Stage;
  /** JWTs of the bulk rows; default: 10,000. */
  readonly count: number;
}

const SINGLE = 200;
const WITHIN_MS = 600_000;
/** The work after a status takes less time: its Event, and the watch events of both. */
const SETTLE_MS = 30;

/**
 * The time from the answer to a JWT's creation until the watch event of its Secret. One JWT at a time, when
 * idle: all writes for a JWT, also its status and its Event, are over before the next one is created. Raw
 * applies are measured before and after each of the `runs`.
 */
export async function measureSingle(stage: Stage, runs: number): Promise<Row> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, 1);
  const client = openAdminClient(cluster);
  const service = await startMeasured({
    args: ['--no-webhook', ...stage.serviceArgs],
    logFile: join(cluster.folder, 'single.log'),
    cluster,
  });
  await createMany(bare, { namespaces: ['single'], count: 0 });
  await service.waitForLog(({ msg }) => msg === 'every JWT was looked at', WITHIN_MS);

  const seen = new Map<string, PromiseWithResolvers<number>>();
  const abort = new AbortController();
  const path = resourcePath(SECRETS, { namespace: 'single' });
  const { resourceVersion } = await client.list(path);
  const watching = (async () => {
    for await (const { object } of client.watch(path, { query: { resourceVersion } }, abort.signal)) {
      const name = (object['metadata'] as { name?: string } | undefined)?.name ?? '';
      seen.get(name)?.resolve(performance.now());
    }
  })().catch(() => undefined);

  const rawApplies = async (prefix: string): Promise<number[]> => {
    const times: number[] = [];
    for (let index = 0; index < SINGLE; index += 1) {
      const name = `${prefix}-${index}`;
      const startedAt = performance.now();
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { token: 'eA==' } };
      await applyBare(bare, `/api/v1/namespaces/single/secrets/${name}`, secret);
      times.push(performance.now() - startedAt);
    }
    return times;
  };
  const createOne = async (index: number): Promise<number> => {
    const { name } = placeOf(index, ['single']);
    const arrival = Promise.withResolvers<number>();
    seen.set(name, arrival);
    const { apiVersion, kind, spec } = wireJwt({ key: { secret: { name: 'the-key', key: 'key.pem' } } });
    await bare.send(
      'POST',
      resourcePath(JWTS, { namespace: 'single' }),
      JSON.stringify({ apiVersion, kind, metadata: { name }, spec }),
    );
    const createdAt = performance.now();
    const took = Math.max(0, (await arrival.promise) - createdAt);
    const jwtPath = resourcePath(JWTS, { namespace: 'single', name });
    await waitUntil(`${name} to be Ready`, WITHIN_MS, async () =>
      (await bare.send('GET', jwtPath)).includes('"conditions"'),
    );
    await sleep(SETTLE_MS);
    return took;
  };
  const done: SingleRun[] = [];
  while (done.length < runs) {
    const run = done.length;
    const before = await rawApplies(`before-${run}`);
    const ours: number[] = [];
    for (let index = 0; index < SINGLE; index += 1) ours.push(await createOne(run * SINGLE + index));
    const raw = medianOf([...before, ...(await rawApplies(`after-${run}`))]);
    done.push({ p50: medianOf(ours), p99: quantileOf(ours, 0.99), raw });
  }
  abort.abort();
  await watching;
  await service.stop();
  await client.close();
  bare.close();
  return describeSingle(done);
}

/** Milliseconds of one run: ours, and the median of the raw applies before and after. */
interface SingleRun {
  readonly p50: number;
  readonly p99: number;
  readonly raw: number;
}

/** The median of each figure over the runs, also of the ratios, as each run has its own. */
function describeSingle(runs: readonly SingleRun[]): Row {
  const median = (read: (run: SingleRun) => number): number => medianOf(runs.map(read));
  const ratio = median(({ p50, raw }) => p50 / raw);
  const p99Ratio = median(({ p99, raw }) => p99 / raw);
  return {
    what: `JWT created → Secret visible, idle (p50, p99 of ${SINGLE})`,
    ours: `${formatMs(median(({ p50 }) => p50))}, ${formatMs(median(({ p99 }) => p99))}`,
    peer: `one raw apply ${formatMs(median(({ raw }) => raw))}`,
    ratio,
    goal: 'p50 ≤ 2 ×, p99 ≤ 10 ×',
    holds: ratio <= 2 && p99Ratio <= 10,
    runs: runs.length,
    data: { runs, p99Ratio },
  };
}

/** All at once: the service starts and finds JWTs without Secrets. Later their one key is replaced. */
export async function measureBulk({ stage, count }: TokenBench): Promise<readonly Row[]> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
  const many = {
    namespaces: ['bulk'],
    count,
    spec: (index: number) => ({ expiryTime: { hours: 24 + ((index * 7919) % count) } }),
  };
  const peers = { namespaces: ['bare'], count };
  await createMany(bare, many);
  await createMany(bare, { ...peers, spec: () => ({ key: { configMap: { name: 'never', key: 'read' } } }) });
  await bare.send('DELETE', '/api/v1/namespaces/bare/secrets/the-key');

  const service = await startMeasured({
    args: ['--no-webhook', '--namespaces=bulk', ...stage.serviceArgs],
    logFile: join(cluster.folder, 'bulk.log'),
    cluster,
  });
  const begin = performance.timeOrigin + service.startedAt;
  const readyMs = timeOf(await service.waitForLog(reaches(count, isReady), WITHIN_MS)) - begin;
  // The objects that the service wrote last: the API server stores nothing if an apply changes nothing.
  const sample = () => readSample(bare, 'bulk', placeOf(0, ['bulk']).name);
  const bareMs = await writeBare(bare, peers, await sample());

  const rotatedAt = Date.now();
  await writeKey(bare, 'bulk');
  const isResigned = (line: LogLine): boolean => isSigned(line, 'KeyChanged');
  const resignedMs = timeOf(await service.waitForLog(reaches(count, isResigned), WITHIN_MS)) - rotatedAt;
  const bareAgainMs = await writeBare(bare, peers, await sample());
  const order = service
    .logLines()
    .filter(isResigned)
    .map(({ expiresAt }) => Date.parse(String(expiresAt)));
  const disorder = countDisorder(order);
  await service.stop();
  bare.close();
  const peer = (ms: number): string => `bare writes ${formatMs(ms)}`;
  return [
    {
      what: `${count} JWTs all Ready, from process start`,
      ours: formatMs(readyMs),
      peer: peer(bareMs),
      ratio: readyMs / bareMs,
      goal: '≤ 1.3 ×',
      holds: readyMs <= 1.3 * bareMs,
      data: { readyMs, bareMs, count },
    },
    {
      what: `${count} re-signed at once, the soonest to expire first`,
      ours: `${formatMs(resignedMs)}, ${disorder} out of order`,
      peer: peer(bareAgainMs),
      ratio: resignedMs / bareAgainMs,
      goal: '≤ 1.3 ×, in order except for what is in flight',
      holds: resignedMs <= 1.3 * bareAgainMs && disorder <= WIDTH,
      data: { resignedMs, bareAgainMs, disorder, count },
    },
  ];
}

/**
 * Number of tokens that were signed while more JWTs that expire sooner were still waiting than there are
 * workers.
 */
function countDisorder(expiries: readonly number[]): number {
  const sorted = expiries.toSorted((a, b) => a - b);
  const rank = new Map(sorted.map((expiry, index) => [expiry, index]));
  return expiries.filter((expiry, index) => Math.abs((rank.get(expiry) ?? 0) - index) > 2 * WIDTH).length;
}
