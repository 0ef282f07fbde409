import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../controlplane/free-port.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitForFirstWords } from './first-words.ts';
import { openLanes, sendLoad, sendOne, type Lanes } from './load.ts';
import { cpuSecondsOf, end, residentMiBOf, startMeasured } from './measured-service.ts';
import { formatMs, medianOf, quantileOf, type Row } from './report.ts';
import { REVIEWS } from './review-sizes.ts';

export const CONNECTIONS = [1, 8, 32, 128] as const;
/** During the first requests V8 still compiles, which costs as much as the work itself. */
const WARM_UP = 30_000;
/**
 * Number of requests to one server before the other one gets its turn, so that other load on the machine
 * affects both.
 */
const SLICE = 2_000;
const PATH = '/mutate/pods?timeout=5s';

/** A server under load: the service, or the server that it is compared with. */
export interface Target {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Certificates {
  readonly certFile: string;
  readonly keyFile: string;
  readonly ca: string;
}

export async function certificatesOf(stage: Stage): Promise<Certificates> {
  const valueOf = (flag: string): string =>
    stage.serviceArgs.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? '';
  const certFile = valueOf('--tls-cert-file');
  return {
    certFile,
    keyFile: valueOf('--tls-key-file'),
    ca: await readFile(join(certFile, '../ca.crt'), 'utf8'),
  };
}

/** The service as it can be started without a cluster. */
export async function startWebhookAlone(stage: Stage, name: string): Promise<Target> {
  const { certFile, keyFile } = await certificatesOf(stage);
  const port = await findFreePort();
  const service = await startMeasured({
    args: [
      '--no-controller',
      '--no-namespace-default',
      `--webhook-address=127.0.0.1:${port}`,
      `--tls-cert-file=${certFile}`,
      `--tls-key-file=${keyFile}`,
    ],
    logFile: join(stage.cluster.folder, `${name}.log`),
    cluster: stage.cluster,
  });
  return { port, pid: service.pid, stop: () => service.stop() };
}

export async function startPeer(stage: Stage, answer: string, name: string): Promise<Target> {
  const { certFile, keyFile } = await certificatesOf(stage);
  const file = join(stage.cluster.folder, `${name}.json`);
  await writeFile(file, answer);
  const port = await findFreePort();
  const script = fileURLToPath(new URL('bare-webhook.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, String(port), certFile, keyFile, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid = 0 } = child;
  const forget = stage.cluster.adopt(pid);
  await waitForFirstWords(child, 'the bare webhook');
  return {
    port,
    pid,
    stop: async () => {
      await end(child);
      forget();
    },
  };
}

/**
 * The cost of one run: CPU microseconds per request, and the 99th percentile of the latencies in
 * milliseconds.
 */
interface Cost {
  readonly cpu: number;
  readonly p99: number;
}

interface Run {
  readonly ours: Cost;
  readonly peer: Cost;
}

/** CPU per request and p99, for both sizes and four numbers of connections. */
export async function measureAdmission(
  stage: Stage,
  runs: number,
  requests: number,
): Promise<readonly Row[]> {
  const { ca } = await certificatesOf(stage);
  const rows: Row[] = [];
  for (const [size, body] of Object.entries(REVIEWS)) {
    const ours = await startWebhookAlone(stage, `admission-${size}`);
    const answer = await sendOne({ port: ours.port, ca, path: PATH, body });
    const peer = await startPeer(stage, answer, `answer-${size}`);
    const open = async (target: Target, connections: number): Promise<Load> => {
      const lanes = openLanes({ port: target.port, ca, path: PATH, body, connections });
      await lanes.send(connections); // one request on each connection, so that none is opened later
      return { pid: target.pid, ...lanes };
    };
    for (const target of [ours, peer]) {
      const load = await open(target, 8);
      await load.send(WARM_UP);
      load.close();
    }
    for (const connections of CONNECTIONS) {
      const loads = { ours: await open(ours, connections), peer: await open(peer, connections) };
      const done: Run[] = [];
      while (done.length < runs) done.push(await compare(loads, requests));
      loads.ours.close();
      loads.peer.close();
      rows.push(describeRuns(size, connections, done));
    }
    await Promise.all([ours.stop(), peer.stop()]);
  }
  return rows;
}

interface Load extends Lanes {
  readonly pid: number;
}

/** One run: `requests` requests to each, in turn, over connections that are already open. */
async function compare(loads: Readonly<Record<keyof Run, Load>>, requests: number): Promise<Run> {
  const cpuSeconds = { ours: 0, peer: 0 };
  const latencies: Record<keyof Run, number[]> = { ours: [], peer: [] };
  for (let sent = 0; sent < requests; sent += SLICE) {
    for (const name of ['ours', 'peer'] as const) {
      const load = loads[name];
      const before = cpuSecondsOf(load.pid);
      latencies[name].push(...(await load.send(Math.min(SLICE, requests - sent))));
      cpuSeconds[name] += cpuSecondsOf(load.pid) - before;
    }
  }
  const costOf = (name: keyof Run): Cost => ({
    cpu: (cpuSeconds[name] / requests) * 1e6,
    p99: quantileOf(latencies[name], 0.99),
  });
  return { ours: costOf('ours'), peer: costOf('peer') };
}

/** The median of each figure over the runs, also of the ratios, as each run has its own. */
function describeRuns(size: string, connections: number, runs: readonly Run[]): Row {
  const median = (read: (run: Run) => number): number => medianOf(runs.map(read));
  const ratio = median(({ ours, peer }) => ours.cpu / peer.cpu);
  const latencyRatio = median(({ ours, peer }) => ours.p99 / peer.p99);
  const describe = (name: keyof Run): string =>
    `${median((run) => run[name].cpu).toFixed(0)} µs CPU, p99 ${formatMs(median((run) => run[name].p99))}`;
  const isLatencyRow = connections === 8;
  const most = connections < 8 ? 1.4 : 1.25;
  return {
    what: `admission, ${size} pod, ${connections} connection${connections === 1 ? '' : 's'}`,
    ours: describe('ours'),
    peer: `bare node:https ${describe('peer')}`,
    ratio,
    goal: `CPU ≤ ${most} ×${isLatencyRow ? ', p99 ≤ 1.5 ×' : ''}`,
    holds: ratio <= most && (!isLatencyRow || latencyRatio <= 1.5),
    runs: runs.length,
    data: { runs, latencyRatio },
  };
}

/** Memory over many reviews: whether it grows from one tenth of them to the next. */
export async function measureMemory(stage: Stage, reviews: number): Promise<Row> {
  const { ca } = await certificatesOf(stage);
  const ours = await startWebhookAlone(stage, 'memory');
  const resident: number[] = [];
  for (let tenth = 0; tenth < 10; tenth += 1) {
    await sendLoad({
      port: ours.port,
      ca,
      path: PATH,
      body: REVIEWS['2.5 KB'],
      connections: 8,
      requests: reviews / 10,
    });
    resident.push(residentMiBOf(ours.pid));
  }
  await ours.stop();
  // With a leak it would grow in every tenth. V8 also enlarges its young generation, once or twice, by dozens
  // of MiB; a leak does not do that.
  const steps = resident.slice(1).map((value, index) => value - (resident[index] ?? 0));
  const perMillion = (medianOf(steps) / (reviews / 10)) * 1e6;
  return {
    what: `memory over ${reviews} reviews`,
    ours: `${resident.map((value) => value.toFixed(0)).join(' ')} MiB after each tenth`,
    peer: '–',
    goal: 'the median step grows by < 10 MiB per 10^6 reviews',
    holds: perMillion < 10,
    data: { resident, perMillion },
  };
}
