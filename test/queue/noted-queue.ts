import { WorkQueue } from '../../src/queue/queue.ts';
import type { WorkQueueOptions } from '../../src/queue/work.ts';
import { virtualClock, type VirtualClock } from '../time/virtual-clock.ts';

/**
 * A started queue on a virtual clock, which records the start of each round; `reconcile` says how each ends.
 */
export function startQueue(
  reconcile: WorkQueueOptions['reconcile'] = async () => ({ next: 'forget' }),
  options: Partial<WorkQueueOptions> = {},
): { queue: WorkQueue; clock: VirtualClock; rounds: [key: string, at: number][]; errors: unknown[] } {
  const clock = virtualClock(0);
  const rounds: [string, number][] = [];
  const errors: unknown[] = [];
  const queue = new WorkQueue({
    clock,
    random: () => 0,
    workers: 32,
    resyncPeriod: 540_000,
    onError: (_key, error) => errors.push(error),
    reconcile: (key, isGivenUp, nextAttemptAt) => {
      rounds.push([key, clock.now()]);
      return reconcile(key, isGivenUp, nextAttemptAt);
    },
    ...options,
  });
  queue.start();
  return { queue, clock, rounds, errors };
}
