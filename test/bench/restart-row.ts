import { requestsBetween, type ApiRequests } from './api-requests.ts';
import { formatMs, type Row } from './report.ts';

/** What came of a start where every JWT is healthy. */
export interface Restart {
  readonly jwts: number;
  readonly namespaces: number;
  /** From process start until every JWT was looked at, in milliseconds. */
  readonly evaluatedMs: number;
  /** For the same lists by a bare client, in milliseconds. */
  readonly listsMs: number;
  /** Number of tokens. */
  readonly signed: number;
  /** Until the start, and until some time after every JWT was looked at. */
  readonly before: ApiRequests;
  readonly after: ApiRequests;
}

/**
 * Nothing is due, so nothing is written and no private key is read; `most` times the lists may it take. There were writes and
 * reads of keys before: if none of them were counted, those of the start would not be either.
 */
export function describeRestart(restart: Restart, most: number): Row {
  const { jwts, namespaces, evaluatedMs, listsMs, signed, before, after } = restart;
  const { writes, secretsGot } = requestsBetween(before, after);
  const isCounted = before.writes > 0 && before.secretsGot > 0;
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
