/**
 * Calls `work` `count` times, at most `atOnce` at the same time. Gives the results in the order in which they
 * ended.
 */
export async function inParallel<T>(
  count: number,
  atOnce: number,
  work: (number: number) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      results.push(await work(number));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
  return results;
}

/** `12 × 200, 3 × 413`, most frequent first. */
export function countWords(words: readonly (string | number)[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(String(word), (counts.get(String(word)) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([word, count]) => `${count} × ${word}`)
    .join(', ');
}
