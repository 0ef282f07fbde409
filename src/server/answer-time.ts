import { toMilliseconds, type Milliseconds } from '../time/units.ts';

/** All our webhooks are registered with this (`timeoutSeconds`), so a review without `?timeout=` was made by hand. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** The time that the answer needs to get back to the API server. */
const RESERVE_MS = 500;

/** Time left for an answer, from the query of its URL: the API server appends `timeout=5s` to every call. */
export function timeForAnswer(query: string): Milliseconds {
  const match = /(?:^|&)timeout=(\d{1,6}(?:\.\d{1,9})?)(ms|s)(?:&|$)/.exec(query);
  const timeout =
    match === null
      ? DEFAULT_TIMEOUT_MS
      : match[2] === 's'
        ? toMilliseconds(Number(match[1]))
        : Number(match[1]);
  return Math.max(timeout - RESERVE_MS, timeout / 2);
}
