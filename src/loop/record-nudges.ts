import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Clock } from '../time/clock.ts';
import { NUDGE_RESULTS, type NudgeQueueOptions, type NudgeResult } from './nudge-queue.ts';

/** Where results go. */
export interface NudgeRecorderOptions {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug' | 'warn'>;
  readonly metrics: Pick<Metrics, 'deliveryNudges'>;
}

/** What concerns one pod mostly concerns all of them, and there may be fifty in a second. */
const LINE_EVERY_MS = 60_000;
const ROUTINE: ReadonlySet<NudgeResult> = new Set(['done', 'gone']);

/** Counts the results; of failures, one line a minute shows the latest and how many there were. */
export function recordNudges({ clock, log, metrics }: NudgeRecorderOptions): NudgeQueueOptions['onResult'] {
  for (const result of NUDGE_RESULTS) metrics.deliveryNudges.inc({ result }, 0); // a rate needs a first value
  let loggedAt = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return (result, about, reason, count = 1) => {
    metrics.deliveryNudges.inc({ result }, count);
    if (ROUTINE.has(result)) {
      log.debug({ pod: about, result }, 'pod nudged');
      return;
    }
    unlogged += count;
    const now = clock.monotonic();
    if (now - loggedAt < LINE_EVERY_MS) return;
    log.warn({ about, result, reason, pods: unlogged }, WORDS);
    loggedAt = now;
    unlogged = 0;
  };
}

const WORDS =
  'a pod was not nudged after a renewal: the kubelet updates its token within 90 s anyway; if a right or a policy is the ' +
  'reason, install jwt-injector again with prompt delivery (docs/install.md), or without';
