import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAdminClient } from '../integration/admin-client.ts';
import { resourcePath } from '../../src/kube/resource-path.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { applyBare, openBareClient, type BareClient } from './bare-client.ts';
import { isReady, isSigned, reaches, timeOf, type LogLine } from './log-lines.ts';
import { createMany, placeOf, readSample, WIDTH, writeBare, writeKey, type BareSample } from './many-jwts.ts';
import { startMeasured } from './measured-service.ts';
import { formatMs, medianOf, quantileOf, type Row } from './report.ts';
import { JWTS, SECRETS } from '../../src/kube/known-resources.ts';

export interface TokenBench {
  readonly stage: Stage;
  /** JWTs of the bulk rows; default: 10,000. */
  readonly count: number;
  /** How often both rows are measured, each with namespaces of its own. */
  readonly runs: number;
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
  })();
  watching.catch((error) => {
    for (const arrival of seen.values()) arrival.reject(error); // nobody waits any longer for those that came
  });

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
    const tooLate = setTimeout(() => arrival.reject(new Error(`no Secret ${name}`)), WITHIN_MS);
    const took = Math.max(0, (await arrival.promise) - createdAt);
    clearTimeout(tooLate);
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
  await watching.catch(() => undefined); // it was aborted
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

/** Milliseconds of one run: ours, those of the bare client, and the tokens that were signed out of order. */
interface BulkRun {
  readonly readyMs: number;
  readonly bareMs: number;
  readonly resignedMs: number;
  readonly bareAgainMs: number;
  readonly disorder: number;
}

/** What the service wrote in an earlier run: then the bare client can be first. */
interface Samples {
  readonly ready: BareSample;
  readonly resigned: BareSample;
}

/**
 * All at once: the service starts and finds JWTs without Secrets. Later their one key is replaced. In every
 * second run the bare client is first, as etcd gets fuller.
 */
export async function measureBulk({ stage, count, runs }: TokenBench): Promise<readonly Row[]> {
  const bare = await openBareClient(stage.cluster.adminKubeconfig, WIDTH);
  const done: BulkRun[] = [];
  let samples: Samples | undefined;
  while (done.length < runs) {
    const isBareFirst = done.length % 2 === 1;
    const measured = await runBulk({
      stage,
      count,
      bare,
      run: done.length,
      samples: isBareFirst ? samples : undefined,
    });
    samples = measured.samples;
    done.push(measured.run);
  }
  bare.close();
  return describeBulk(count, done);
}

interface BulkOptions {
  readonly stage: Stage;
  readonly count: number;
  readonly bare: BareClient;
  readonly run: number;
  /** If there are any, the bare client is first. */
  readonly samples: Samples | undefined;
}

async function runBulk({ stage, count, bare, run, samples }: BulkOptions): Promise<{
  readonly run: BulkRun;
  readonly samples: Samples;
}> {
  const { cluster } = stage;
  const [ours, theirs] = [`bulk-${run}`, `bare-${run}`];
  const spec = (index: number) => ({ expiryTime: { hours: 24 + ((index * 7919) % count) } });
  await createMany(bare, { namespaces: [ours], count, spec });
  const never = () => ({ key: { configMap: { name: 'never', key: 'read' } } });
  const uids = await createMany(bare, { namespaces: [theirs], count, spec: never });
  await bare.send('DELETE', `/api/v1/namespaces/${theirs}/secrets/the-key`);
  const writePeers = (sample: BareSample): Promise<number> =>
    writeBare(bare, { namespaces: [theirs], uids }, sample);
  // The objects that the service wrote last: the API server stores nothing if an apply changes nothing.
  const read = (): Promise<BareSample> => readSample(bare, ours, placeOf(0, [ours]).name);

  const bareFirstMs = samples && (await writePeers(samples.ready));
  const service = await startMeasured({
    args: ['--no-webhook', `--namespaces=${ours}`, ...stage.serviceArgs],
    logFile: join(cluster.folder, `${ours}.log`),
    cluster,
  });
  const begin = performance.timeOrigin + service.startedAt;
  const readyMs = timeOf(await service.waitForLog(reaches(count, isReady), WITHIN_MS)) - begin;
  const ready = await read();
  const bareMs = bareFirstMs ?? (await writePeers(ready));

  const bareAgainFirstMs = samples && (await writePeers(samples.resigned));
  const rotatedAt = Date.now();
  await writeKey(bare, ours);
  const isResigned = (line: LogLine): boolean => isSigned(line, 'KeyChanged');
  const resignedMs = timeOf(await service.waitForLog(reaches(count, isResigned), WITHIN_MS)) - rotatedAt;
  const resigned = await read();
  const bareAgainMs = bareAgainFirstMs ?? (await writePeers(resigned));
  const order = service
    .logLines()
    .filter(isResigned)
    .map(({ expiresAt }) => Date.parse(String(expiresAt)));
  await service.stop();
  return {
    run: { readyMs, bareMs, resignedMs, bareAgainMs, disorder: countDisorder(order) },
    samples: { ready, resigned },
  };
}

/** Medians of the times and of their ratios; of the disorder the worst. */
function describeBulk(count: number, runs: readonly BulkRun[]): readonly Row[] {
  const median = (read: (run: BulkRun) => number): number => medianOf(runs.map(read));
  const peer = (ms: number): string => `bare writes ${formatMs(ms)}`;
  const ready = median(({ readyMs, bareMs }) => readyMs / bareMs);
  const resigned = median(({ resignedMs, bareAgainMs }) => resignedMs / bareAgainMs);
  const disorder = Math.max(...runs.map((run) => run.disorder));
  return [
    {
      what: `${count} JWTs all Ready, from process start`,
      ours: formatMs(median(({ readyMs }) => readyMs)),
      peer: peer(median(({ bareMs }) => bareMs)),
      ratio: ready,
      goal: '≤ 1.3 ×',
      holds: ready <= 1.3,
      runs: runs.length,
      data: { runs, count },
    },
    {
      what: `${count} re-signed at once, the soonest to expire first`,
      ours: `${formatMs(median(({ resignedMs }) => resignedMs))}, ${disorder} out of order`,
      peer: peer(median(({ bareAgainMs }) => bareAgainMs)),
      ratio: resigned,
      goal: '≤ 1.3 ×, in order except for what is in flight',
      holds: resigned <= 1.3 && disorder <= WIDTH,
      runs: runs.length,
      data: { runs, count },
    },
  ];
}

/**
 * Number of tokens whose place in the order of signing is more than twice as many places away from that in the
 * order of expiry as there are workers. What is in flight moves a token by some of them, in either direction.
 */
function countDisorder(expiries: readonly number[]): number {
  const sorted = expiries.toSorted((a, b) => a - b);
  const rank = new Map(sorted.map((expiry, index) => [expiry, index]));
  return expiries.filter((expiry, index) => Math.abs((rank.get(expiry) ?? 0) - index) > 2 * WIDTH).length;
}
