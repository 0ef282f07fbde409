import type { Logger } from 'pino';
import { REFRESHED_WITHIN } from '../resources/kubelet.ts';
import { LineLimit } from '../telemetry/line-limit.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Clock } from '../time/clock.ts';
import { NUDGE_RESULTS, type NudgeQueueOptions, type NudgeResult } from './nudge-queue.ts';

interface NudgeRecorderOptions {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug' | 'warn'>;
  readonly metrics: Pick<Metrics, 'deliveryNudges'>;
}

const ROUTINE: ReadonlySet<NudgeResult> = new Set(['done', 'gone']);

/** Counts the results; of failures, one line a minute shows the latest and how many there were. */
export function recordNudges({ clock, log, metrics }: NudgeRecorderOptions): NudgeQueueOptions['onResult'] {
  for (const result of NUDGE_RESULTS) metrics.deliveryNudges.inc({ result }, 0); // a rate needs a first value
  const limit = new LineLimit(clock); // what concerns one pod mostly concerns all of them
  return (result, about, reason, count = 1) => {
    metrics.deliveryNudges.inc({ result }, count);
    if (ROUTINE.has(result)) {
      log.debug({ pod: about, result }, 'pod nudged');
      return;
    }
    const pods = limit.count(count);
    if (pods !== undefined) log.warn({ about, result, reason, pods }, NOT_NUDGED);
  };
}

const NOT_NUDGED =
  `a pod was not nudged after a renewal: the kubelet updates its token within ${REFRESHED_WITHIN} s anyway; if a right or a ` +
  'policy is the reason, install jwt-injector again with prompt delivery (docs/install.md), or without';
