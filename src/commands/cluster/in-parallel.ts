/** Requests at the same time: fast enough for thousands of objects, and no burden for the API server. */
const PARALLEL_REQUESTS = 16;

/** Calls `work` with each item, several at a time. Results are in the order of the items; rejects when one call does. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const next = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, next));
  return results;
}
