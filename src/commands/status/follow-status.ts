import { Cache } from '../../kube/watch/cache.ts';
import { startListWatch, type ListWatch } from '../../kube/watch/list-watch.ts';
import { LIVE_PODS } from '../../kube/pods.ts';
import { systemClock } from '../../time/clock.ts';
import { toSeconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import type { Io } from '../io.ts';
import { printProblems } from '../print-problems.ts';
import { createScreen } from './screen.ts';
import { gatherStatus, pathsOf } from './gather-status.ts';
import { readJwtState, type JwtState } from './jwt-state.ts';
import { readPodMounts, type PodMounts } from './pod-mounts.ts';
import type { StatusOptions } from './show-status.ts';
import { reportStatus, type Seen } from './status-report.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** The times on the screen change every second; more often nobody would read them. */
const PACE_MS = 1_000;
/** How many times as long as a report took the next one waits: with 100,000 JWTs, reports take at most a tenth of a core. */
const WAIT_FACTOR = 9;
/** The problem of a list-watch is in its `problem`; lines of a log would spoil the screen. */
const SILENT = { debug: ignore, info: ignore, warn: ignore };

/**
 * Shows what changes until `signal` ends it, then exit code 0. The first reading shows what the caller is not allowed to
 * read.
 */
export async function followStatus(
  access: Access,
  options: StatusOptions,
  io: Io,
  signal: AbortSignal,
): Promise<ExitCode> {
  const first = await gatherStatus(access, options);
  if (first.problems.length > 0) return printProblems(first.problems, io);
  const { client } = access;
  const { namespace, othersForbidden } = first.seen;
  const paths = pathsOf(namespace);
  const jwts = new Cache<JwtState>();
  const pods = new Cache<PodMounts>();
  const common = { client, clock: systemClock, log: SILENT };
  const wanted = new Set(options.names);
  const watches: [name: string, watch: ListWatch][] = [
    [
      'JWTs',
      startListWatch({
        ...common,
        path: paths.jwts,
        store: jwts,
        transform: (object) => {
          const jwt = readJwtState(object);
          return jwt === undefined || wanted.size === 0 || wanted.has(jwt.name) ? jwt : undefined;
        },
      }),
    ],
  ];
  if (first.seen.pods !== undefined)
    watches.push([
      'pods',
      startListWatch({
        ...common,
        path: paths.pods,
        query: LIVE_PODS,
        store: pods,
        transform: readPodMounts,
      }),
    ]);
  const isSynced = (): boolean => watches.every(([, watch]) => watch.isSynced());
  const look = (): Seen => ({
    // Before all is listed, half of it would look as if the rest had gone.
    jwts: isSynced() ? jwts.values() : first.seen.jwts,
    pods: isSynced() && first.seen.pods !== undefined ? pods.values() : first.seen.pods,
    notes: [...first.seen.notes, ...watches.flatMap(([name, watch]) => describeTrouble(name, watch))],
    namespace,
    othersForbidden,
  });
  const screen = createScreen(io, options.output);
  try {
    for (let isOn = true; isOn;) {
      const startedAt = systemClock.monotonic();
      const now = toSeconds(Date.now());
      screen.show(reportStatus(look(), now), now);
      const took = systemClock.monotonic() - startedAt;
      isOn = await systemClock.sleep(Math.max(PACE_MS, took * WAIT_FACTOR), signal);
    }
    return EXIT.done;
  } finally {
    await Promise.all(watches.map(([, watch]) => watch.stop()));
  }
}

function describeTrouble(name: string, watch: ListWatch): readonly string[] {
  const problem = watch.problem();
  return problem === undefined
    ? []
    : [`${name} cannot be followed now (${problem}); it is tried again: this may be out of date`];
}

function ignore(): void {
  // Nothing is logged.
}
