import { WorkQueue } from '../../src/queue/queue.ts';
import type { WorkQueueOptions } from '../../src/queue/work.ts';
import { virtualClock, type VirtualClock } from '../time/virtual-clock.ts';

interface NotedQueue {
  readonly queue: WorkQueue;
  readonly clock: VirtualClock;
  readonly rounds: [key: string, at: number][];
  readonly errors: unknown[];
}

/**
 * A queue on a virtual clock that begins at 0, which records the start of each round; `reconcile` says how each ends.
 */
export function makeQueue(
  reconcile: WorkQueueOptions['reconcile'] = async () => ({ next: 'forget' }),
  options: Partial<WorkQueueOptions> = {},
): NotedQueue {
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
  return { queue, clock, rounds, errors };
}

/** As `makeQueue`, started. */
export function startQueue(...made: Parameters<typeof makeQueue>): NotedQueue {
  const noted = makeQueue(...made);
  noted.queue.start();
  return noted;
}
