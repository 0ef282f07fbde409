import { requestsBetween, type ApiRequests } from './api-requests.ts';
import { formatMs, type Row } from './report.ts';

/** Measurements of a start with all JWTs healthy. */
export interface Restart {
  readonly jwts: number;
  readonly namespaces: number;
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

/**
 * Nothing is due, so nothing must be written and no private key read; the start is allowed to take `most`
 * times as long as the lists. `before` must contain reads of keys and writes by the service: otherwise those of
 * the start would not be counted, either.
 */
export function describeRestart(restart: Restart, most: number): Row {
  const { jwts, namespaces, evaluatedMs, listsMs, signed, before, after } = restart;
  const { writes, secretsGot } = requestsBetween(before, after);
  const isCounted = before.statusesApplied > 0 && before.secretsGot > 0;
  const isIdle = isCounted && signed === 0 && writes === 0 && secretsGot === 0;
  return {
    what: `restart with ${jwts} healthy JWTs in ${namespaces} namespaces`,
    ours: `${formatMs(evaluatedMs)}, ${signed} signed, ${writes} writes, ${secretsGot} keys read${isCounted ? '' : ', but the API server counts none'}`,
    peer: `the same lists, parsed ${formatMs(listsMs)}`,
    ratio: evaluatedMs / listsMs,
    goal: `≤ ${most} ×, 0 signed, 0 writes except for the Lease, 0 keys read`,
    holds: evaluatedMs <= most * listsMs && isIdle,
    data: { evaluatedMs, listsMs, signed, writes, keysRead: secretsGot },
  };
}
