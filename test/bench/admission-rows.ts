import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../controlplane/free-port.ts';
import type { Stage } from '../controlplane/stage.ts';
import { sendLoad, sendOne } from './load.ts';
import { cpuSecondsOf, end, residentMiBOf, startMeasured } from './measured-service.ts';
import { formatMs, medianOf, quantileOf, type Row } from './report.ts';
import { REVIEWS } from './review-sizes.ts';

export const CONNECTIONS = [1, 8, 32, 128] as const;
/** Until then V8 still compiles, which costs as much as the work itself. */
const WARM_UP = 30_000;
const PATH = '/mutate/pods?timeout=5s';

/** A server under load: the service, or its peer. */
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

/** The service as anyone can start it: without a cluster. */
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
  await once(child.stdout, 'data');
  return {
    port,
    pid,
    stop: async () => {
      await end(child);
      forget();
    },
  };
}

/** CPU per request and p99, at both sizes and four numbers of connections, in alternating runs. */
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
    const targets = { ours, peer };
    for (const { port } of Object.values(targets))
      await sendLoad({ port, ca, path: PATH, body, connections: 8, requests: WARM_UP });
    for (const connections of CONNECTIONS) {
      const cpu: Record<keyof typeof targets, number[]> = { ours: [], peer: [] };
      const p99: Record<keyof typeof targets, number[]> = { ours: [], peer: [] };
      for (let run = 0; run < runs; run += 1) {
        for (const name of ['ours', 'peer'] as const) {
          const { port, pid } = targets[name];
          const before = cpuSecondsOf(pid);
          const { latencies } = await sendLoad({ port, ca, path: PATH, body, connections, requests });
          cpu[name].push(((cpuSecondsOf(pid) - before) / requests) * 1e6);
          p99[name].push(quantileOf(latencies, 0.99));
        }
      }
      rows.push(describeLoad(size, connections, cpu, p99));
    }
    await Promise.all([ours.stop(), peer.stop()]);
  }
  return rows;
}

function describeLoad(
  size: string,
  connections: number,
  cpu: Record<'ours' | 'peer', number[]>,
  p99: Record<'ours' | 'peer', number[]>,
): Row {
  const [ourCpu, peerCpu] = [medianOf(cpu.ours), medianOf(cpu.peer)];
  const [ourP99, peerP99] = [medianOf(p99.ours), medianOf(p99.peer)];
  const isLatencyRow = connections === 8;
  return {
    what: `admission, ${size} pod, ${connections} connection${connections === 1 ? '' : 's'}`,
    ours: `${ourCpu.toFixed(0)} µs CPU, p99 ${formatMs(ourP99)}`,
    peer: `bare node:https ${peerCpu.toFixed(0)} µs CPU, p99 ${formatMs(peerP99)}`,
    ratio: ourCpu / peerCpu,
    goal: isLatencyRow ? 'CPU ≤ 1.5 ×, p99 ≤ 2 ×' : 'CPU ≤ 1.5 ×',
    holds: ourCpu <= 1.5 * peerCpu && (!isLatencyRow || ourP99 <= 2 * peerP99),
    data: { cpu, p99 },
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
  const second = resident.slice(5);
  const slope = ((second.at(-1) ?? 0) - (second[0] ?? 0)) / (reviews * 0.4);
  const perMillion = slope * 1e6;
  return {
    what: `memory over ${reviews} reviews`,
    ours: `${resident.map((value) => value.toFixed(0)).join(' ')} MiB after each tenth`,
    peer: '–',
    goal: 'no growth in the second half: < 10 MiB per 10^6 reviews',
    holds: perMillion < 10,
    data: { resident, perMillion },
  };
}
