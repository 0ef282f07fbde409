/**
 * Waits until all of them have ended, also when one fails: what ends after them is in use until then. Rejects with what
 * failed, an AggregateError if it is more than one.
 */
export async function endAll(ends: readonly (Promise<void> | undefined)[]): Promise<void> {
  const settled = await Promise.allSettled(ends.filter((end) => end !== undefined));
  const failures = settled.filter((each) => each.status === 'rejected').map(({ reason }): unknown => reason);
  if (failures.length > 1) throw new AggregateError(failures, 'several parts failed to end');
  for (const failure of failures) throw failure;
}
