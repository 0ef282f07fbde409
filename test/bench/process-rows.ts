import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Stage } from '../controlplane/stage.ts';
import { end, residentMiBOf, startMeasured } from './measured-service.ts';
import { formatMs, medianOf, type Row } from './report.ts';

const RUNS = 5;

/** Start to ready, and memory, against a process that only imports the same libraries and listens. */
export async function measureProcess(stage: Stage): Promise<readonly Row[]> {
  const { cluster } = stage;
  const whole = [...stage.serviceArgs, '--webhook-address=127.0.0.1:0'];
  const webhookOnly = [...whole, '--no-controller', '--no-namespace-default'];
  const start = (args: readonly string[], name: string) =>
    startMeasured({ args, logFile: join(cluster.folder, `${name}.log`), cluster });
  const times: Record<'whole' | 'webhook' | 'imports', number[]> = { whole: [], webhook: [], imports: [] };
  for (let run = 0; run < RUNS; run += 1) {
    for (const [name, args] of [
      ['whole', whole],
      ['webhook', webhookOnly],
    ] as const) {
      const service = await start(args, `start-${name}-${run}`);
      times[name].push(service.readyAfterMs);
      await service.stop();
    }
    const imports = await startImports();
    times.imports.push(imports.readyAfterMs);
    await imports.stop();
  }
  const service = await start(whole, 'memory');
  const imports = await startImports();
  await sleep(60_000);
  const [ours, peer] = [service.residentMiB(), imports.residentMiB()];
  await Promise.all([service.stop(), imports.stop()]);
  const base = medianOf(times.imports);
  const startRow = (what: string, ms: number): Row => ({
    what,
    ours: formatMs(ms),
    peer: `imports only ${formatMs(base)}`,
    ratio: ms / base,
    goal: '≤ 2.5 ×',
    holds: ms <= 2.5 * base,
    data: { ms, base },
  });
  return [
    startRow('process start to ready, --no-controller', medianOf(times.webhook)),
    startRow('process start to ready, whole, API empty', medianOf(times.whole)),
    {
      what: 'memory, idle, 60 s after start',
      ours: `${ours.toFixed(0)} MiB`,
      peer: `imports only ${peer.toFixed(0)} MiB`,
      ratio: ours / peer,
      goal: '≤ 1.15 ×',
      holds: ours <= 1.15 * peer,
      data: { ours, peer },
    },
  ];
}

async function startImports() {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(new URL('imports-only.mjs', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const { pid = 0 } = child;
  return {
    readyAfterMs: performance.now() - startedAt,
    residentMiB: () => residentMiBOf(pid),
    stop: () => end(child),
  };
}
