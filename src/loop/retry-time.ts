import { nextDueTime } from '../reconcile/next-due-time.ts';
import type { Retry } from '../queue/work.ts';
import { toMilliseconds, toSeconds, type Milliseconds, type Seconds } from '../time/units.ts';
import type { Progress } from './round.ts';

/**
 * Another try, that waits as long as the API server asked for, and after a refusal still longer; but not when something is
 * due meanwhile. `now` in seconds since the epoch.
 */
export function retryAfter(
  { observed, signed }: Pick<Progress, 'observed' | 'signed'>,
  now: Seconds,
  askedWait: Milliseconds = 0,
  refusedWait: Milliseconds = 0,
): Retry {
  const after = Math.max(askedWait, refusedWait);
  const due = observed === undefined ? undefined : nextDueTime(observed, signed?.claims.exp, now);
  return {
    next: 'retry',
    ...(after === 0 ? {} : { after }),
    ...(due === undefined ? {} : { dueAt: Math.max(toMilliseconds(due), toMilliseconds(now) + askedWait) }),
  };
}

/** When it is tried again: `nextAttemptAt` at the earliest, unless something is due before. All in seconds since the epoch. */
export function attemptTime({ after = 0, dueAt }: Retry, now: Seconds, nextAttemptAt: Seconds): Seconds {
  return Math.min(
    Math.max(nextAttemptAt, now + toSeconds(after)),
    toSeconds(dueAt) ?? Number.POSITIVE_INFINITY,
  );
}
