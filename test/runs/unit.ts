import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { RunResult } from './report.ts';
import { finishRuns, runFiles } from './run-files.ts';
import { ROOT } from './run-program.ts';

/**
 * Tests that need a cluster, a browser, other shells or a tool written in Go, and those that fill the
 * processor.
 */
const ELSEWHERE =
  /^test\/(?:browser|controlplane|deploy|integration|linear-time|shells|tools|verifiers)\/|\.(?:integration|load)\.test\.ts$/;

/** The folders that take longest begin first. */
const FIRST = ['loop', 'kube', 'commands', 'server', 'admission'];

/** Far longer than any test takes on a busy machine, except for one. */
const TEST_ENDS_WITHIN_MS = 300_000;
/** With FC_RUNS=10000 the laws of the loop take minutes, and nothing is printed meanwhile. */
const SILENT_FOR_MS: Readonly<Record<string, number>> = { loop: 1_260_000 };

const rooms = Map.groupBy(
  globSync('test/**/*.test.ts', { cwd: ROOT, exclude: ['**/node_modules'] }).filter(
    (file) => !ELSEWHERE.test(file),
  ),
  (file) => /^test\/(.+?)\//.exec(file)?.[1] ?? 'src',
);
const rank = (room: string): number => (FIRST.includes(room) ? FIRST.indexOf(room) : FIRST.length);
const waiting = [...rooms.keys()].toSorted((one, other) => rank(one) - rank(other));
const startedAt = performance.now();
const results: RunResult[] = [];

async function work(): Promise<void> {
  for (let room = waiting.shift(); room !== undefined; room = waiting.shift()) {
    const files = rooms.get(room)?.toSorted() ?? [];
    const silentForMs = SILENT_FOR_MS[room];
    const more = silentForMs === undefined ? {} : { silentForMs };
    results.push(await runFiles({ title: room, files, timeoutMs: TEST_ENDS_WITHIN_MS, ...more }));
  }
}

// One more than there are cores, as some tests wait.
await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
finishRuns(results, startedAt);
