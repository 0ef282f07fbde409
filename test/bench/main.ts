import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { runScript } from '../controlplane/run-script.ts';
import { startStage, type Stage } from '../controlplane/stage.ts';
import { measureAdmission, measureMemory } from './admission-rows.ts';
import { measureAsSeenByApiServer, measureWhileSigning } from './cluster-rows.ts';
import { measureConnectionEnds } from './connection-ends-rows.ts';
import { measureDelivery } from './delivery-rows.ts';
import { measureLateness } from './lateness-row.ts';
import { measureProcess } from './process-rows.ts';
import { formatRows, type Row } from './report.ts';
import { measureScale } from './scale-rows.ts';
import { measureSteady } from './steady-rows.ts';
import { measureBulk, measureSingle } from './token-rows.ts';

const HELP = `Usage: npm run bench -- [--only NAME[,NAME…]] [--count N] [--quiet-seconds S] [--lateness-seconds S]
                        [--runs N] [--requests N] [--reviews N] [--scale N] [--scale-seconds S]
                        [--tries N] [--pods N]

Measures and prints a table; writes test/bench/results/<time>.json. Every figure stands beside what it is compared with
in the same run. The table says of how many runs it is the median: --runs is for admission, seen, signing and single
(default 5), and for bulk and the restart of steady, which take minutes each (default 3).

Names: admission, seen, signing, memory, process, single, bulk, steady, scale, ends, lateness, delivery.
`;

interface Settings {
  readonly count: number;
  readonly quietSeconds: number;
  readonly latenessSeconds: number;
  readonly runs: number;
  readonly slowRuns: number;
  readonly requests: number;
  readonly reviews: number;
  readonly scale: number;
  readonly scaleSeconds: number;
  readonly tries: number;
  readonly pods: number;
}

const BENCHES: Readonly<Record<string, (stage: Stage, settings: Settings) => Promise<readonly Row[]>>> = {
  admission: (stage, { runs, requests }) => measureAdmission(stage, runs, requests),
  seen: (stage, { runs }) => measureAsSeenByApiServer(stage, runs),
  signing: async (stage, { count, runs }) => [await measureWhileSigning(stage, { count, runs })],
  memory: async (stage, { reviews }) => [await measureMemory(stage, reviews)],
  process: (stage) => measureProcess(stage),
  single: async (stage, { runs }) => [await measureSingle(stage, runs)],
  bulk: (stage, { count, slowRuns }) => measureBulk({ stage, count, runs: slowRuns }),
  steady: (stage, { count, quietSeconds, slowRuns }) =>
    measureSteady({ stage, count, quietSeconds, runs: slowRuns }),
  scale: (stage, { scale, scaleSeconds }) => measureScale({ stage, count: scale, seconds: scaleSeconds }),
  ends: (stage, { tries }) => measureConnectionEnds(stage, tries),
  delivery: (stage, { scale, pods, latenessSeconds }) =>
    measureDelivery({ stage, jwts: scale, pods, seconds: latenessSeconds }),
  lateness: async (stage, { latenessSeconds }) => [await measureLateness(stage, latenessSeconds)],
};

/** For figures to publish, also rows that take minutes for each run need five: --runs=5. */
const RUNS = 5;
const SLOW_RUNS = 3;
/** The audit log alone says who sent a request. */
const AUDITED: ReadonlySet<string> = new Set(['steady']);

await runScript({
  forHelp: 'npm run bench -- --help',
  help: HELP,
  options: {
    only: { type: 'string' },
    count: { type: 'string', default: '10000' },
    'quiet-seconds': { type: 'string', default: '300' },
    'lateness-seconds': { type: 'string', default: '600' },
    runs: { type: 'string' },
    requests: { type: 'string', default: '20000' },
    reviews: { type: 'string', default: '1000000' },
    scale: { type: 'string', default: '100000' },
    'scale-seconds': { type: 'string', default: '600' },
    tries: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '100000' },
  },
  run: async ({ only, help: _help, ...numbers }) => {
    const names = only?.split(',') ?? Object.keys(BENCHES);
    const unknownName = names.find((name) => !Object.hasOwn(BENCHES, name));
    if (unknownName !== undefined)
      return `no benchmark is called "${unknownName}": ${Object.keys(BENCHES).join(', ')}`;
    const wrong = Object.entries(numbers).find(
      ([, value]) => value !== undefined && !/^[1-9]\d*$/.test(value),
    );
    if (wrong !== undefined) return `--${wrong[0]} is "${wrong[1]}", but it must be a whole number above 0`;
    await measureAll(names, {
      count: Number(numbers.count),
      quietSeconds: Number(numbers['quiet-seconds']),
      latenessSeconds: Number(numbers['lateness-seconds']),
      runs: Number(numbers.runs ?? RUNS),
      slowRuns: Number(numbers.runs ?? SLOW_RUNS),
      requests: Number(numbers.requests),
      reviews: Number(numbers.reviews),
      scale: Number(numbers.scale),
      scaleSeconds: Number(numbers['scale-seconds']),
      tries: Number(numbers.tries),
      pods: Number(numbers.pods),
    });
    return 0;
  },
});

async function measureAll(names: readonly string[], settings: Settings): Promise<void> {
  const rows: Row[] = [];
  for (const name of names) {
    process.stderr.write(`measuring: ${name}\n`);
    // Each gets a control plane of its own, so that no benchmark finds the objects of another one. With
    // fsync, as in production.
    await using stage = await startStage({ withoutService: true, fsync: true, audit: AUDITED.has(name) });
    const measured = (await BENCHES[name]?.(stage, settings)) ?? [];
    rows.push(...measured);
    process.stdout.write(`${formatRows(measured)}\n\n`);
  }
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.json`);
  await writeFile(file, JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, rows }, null, 2));
  process.stdout.write(`${formatRows(rows)}\n\nwritten to ${file}\n`);
}
