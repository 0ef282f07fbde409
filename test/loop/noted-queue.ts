import { WorkQueue, type QueueOptions } from '../../src/loop/queue.ts';
import { virtualClock, type VirtualClock } from '../time/virtual-clock.ts';

/** A started queue on a virtual clock, whose runs are noted; `process` says how each ends. */
export function startQueue(
  process: QueueOptions['process'] = async () => ({ next: 'forget' }),
  options: Partial<QueueOptions> = {},
): { queue: WorkQueue; clock: VirtualClock; runs: [key: string, at: number][]; errors: unknown[] } {
  const clock = virtualClock(0);
  const runs: [string, number][] = [];
  const errors: unknown[] = [];
  const queue = new WorkQueue({
    clock,
    random: () => 0,
    workers: 32,
    onError: (_key, error) => errors.push(error),
    process: (key, isGivenUp, retryAt) => {
      runs.push([key, clock.now()]);
      return process(key, isGivenUp, retryAt);
    },
    ...options,
  });
  queue.start();
  return { queue, clock, runs, errors };
}
