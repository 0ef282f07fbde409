import type { ApiRequests } from './api-requests.ts';
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
  /** From before the start until some time after every JWT was looked at. */
  readonly requests: Pick<ApiRequests, 'writes' | 'secretsGot'>;
}

/** Nothing is due, so nothing is written and no private key is read; `most` times the lists may it take. */
export function describeRestart(restart: Restart, most: number): Row {
  const { jwts, namespaces, evaluatedMs, listsMs, signed, requests } = restart;
  const { writes, secretsGot } = requests;
  return {
    what: `restart with ${jwts} healthy JWTs in ${namespaces} namespaces`,
    ours: `${formatMs(evaluatedMs)}, ${signed} signed, ${writes} writes, ${secretsGot} keys read`,
    peer: `the same lists, parsed ${formatMs(listsMs)}`,
    ratio: evaluatedMs / listsMs,
    goal: `≤ ${most} ×, 0 signed, 0 writes except for the Lease, 0 keys read`,
    holds: evaluatedMs <= most * listsMs && signed === 0 && writes === 0 && secretsGot === 0,
    data: { evaluatedMs, listsMs, signed, writes, keysRead: secretsGot },
  };
}
