import { requestsBetween, type ApiRequests } from './api-requests.ts';
import { formatMs, medianOf, type Row } from './report.ts';

/** Measurements of a start with all JWTs healthy. */
export interface RestartRun {
  /** Milliseconds from process start until every JWT was checked. */
  readonly evaluatedMs: number;
  /** Milliseconds that a bare client takes for the same lists. */
  readonly listsMs: number;
  /** Number of tokens. */
  readonly signed: number;
  /** Counts until the start, and until some time after every JWT was checked. */
  readonly before: ApiRequests;
  readonly after: ApiRequests;
}

/** Starts that alternate with the bare client. */
export interface Restart {
  readonly jwts: number;
  readonly namespaces: number;
  readonly runs: readonly RestartRun[];
}

/**
 * Nothing is due, so nothing must be written and no private key read, in any run; the start is allowed to take
 * `most` times as long as the lists, by the median. `before` must contain reads of keys and writes by the
 * service: otherwise those of the start would not be counted, either.
 */
export function describeRestart({ jwts, namespaces, runs }: Restart, most: number): Row {
  const median = (read: (run: RestartRun) => number): number => medianOf(runs.map(read));
  const sum = (read: (run: RestartRun) => number): number =>
    runs.reduce((total, run) => total + read(run), 0);
  const signed = sum((run) => run.signed);
  const writes = sum(({ before, after }) => requestsBetween(before, after).writes);
  const keysRead = sum(({ before, after }) => requestsBetween(before, after).secretsGot);
  const ratio = median(({ evaluatedMs, listsMs }) => evaluatedMs / listsMs);
  const isCounted = runs.every(({ before }) => before.statusesApplied > 0 && before.secretsGot > 0);
  const isIdle = isCounted && signed === 0 && writes === 0 && keysRead === 0;
  return {
    what: `restart with ${jwts} healthy JWTs in ${namespaces} namespaces`,
    ours: `${formatMs(median((run) => run.evaluatedMs))}, ${signed} signed, ${writes} writes, ${keysRead} keys read${isCounted ? '' : ', but the API server counts none'}`,
    peer: `the same lists, parsed ${formatMs(median((run) => run.listsMs))}`,
    ratio,
    goal: `≤ ${most} ×, 0 signed, 0 writes except for the Lease, 0 keys read`,
    holds: ratio <= most && isIdle,
    runs: runs.length,
    data: {
      runs: runs.map(({ evaluatedMs, listsMs }) => ({ evaluatedMs, listsMs })),
      signed,
      writes,
      keysRead,
    },
  };
}
