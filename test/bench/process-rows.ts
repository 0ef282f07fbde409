import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Stage } from '../controlplane/stage.ts';
import { waitForFirstWords } from './first-words.ts';
import { cpuSecondsOf, end, startMeasured } from './measured-service.ts';
import { formatMs, medianOf, type Row } from './report.ts';

const RUNS = 5;
const IDLE_MS = 60_000;
const IDLE_GOAL_MIB = 100;

/** CPU time from start to ready, compared with a process of Node that does nothing; and memory when idle. */
export async function measureProcess(stage: Stage): Promise<readonly Row[]> {
  const { cluster } = stage;
  const args = [...stage.serviceArgs, '--webhook-address=127.0.0.1:0'];
  const start = (name: string) =>
    startMeasured({ args, logFile: join(cluster.folder, `${name}.log`), cluster });
  const [ours, times, bare]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < RUNS; run += 1) {
    const service = await start(`start-${run}`);
    ours.push(service.readyAfterCpu * 1_000);
    times.push(service.readyAfterMs);
    await service.stop();
    bare.push((await startBareNode()) * 1_000);
  }
  const service = await start('memory');
  await sleep(IDLE_MS);
  const idle = service.residentMiB();
  await service.stop();
  const [cpu, base] = [medianOf(ours), medianOf(bare)];
  return [
    {
      what: 'process start to ready, whole, API empty, CPU',
      ours: `${formatMs(cpu)} (${formatMs(medianOf(times))} by the clock)`,
      peer: `bare node ${formatMs(base)}`,
      ratio: cpu / base,
      goal: '≤ 8 ×',
      holds: cpu <= 8 * base,
      runs: RUNS,
      data: { ours, times, bare },
    },
    {
      what: 'memory, idle, 60 s after start',
      ours: `${idle.toFixed(0)} MiB`,
      peer: '–',
      goal: `≤ ${IDLE_GOAL_MIB} MiB`,
      holds: idle <= IDLE_GOAL_MIB,
      data: { idle },
    },
  ];
}

/** CPU seconds of a process of Node that has started and waits. */
async function startBareNode(): Promise<number> {
  const file = fileURLToPath(new URL('bare-node.mjs', import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await waitForFirstWords(child, 'bare node');
  const seconds = cpuSecondsOf(child.pid ?? 0);
  await end(child);
  return seconds;
}
