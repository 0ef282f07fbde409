import type { AttemptedWrite, DecidedRound } from './round.ts';

/**
 * Makes a write of the Secret, and counts it. If it throws, `progress` still has it, and `failRound` counts it: one that failed,
 * or met a change of another client, may have arrived.
 */
export async function spend<T>(
  { reconciler, progress, now }: DecidedRound,
  write: AttemptedWrite,
  action: () => Promise<T>,
): Promise<T> {
  progress.write = write;
  const result = await action();
  progress.write = undefined;
  const { budget, conflicts } = reconciler.memory;
  const { isScheduled, isAsked } = write;
  budget.spend(progress.stored.uid, now, { isScheduled, isAsked });
  conflicts.end(progress.stored.uid, 'token');
  return result;
}
