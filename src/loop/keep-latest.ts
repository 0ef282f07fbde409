/** Puts an entry last in the order of use, and drops the ones unused for longest beyond the capacity. */
export function keepLatest<T>(entries: Map<string, T>, id: string, entry: T, capacity: number): void {
  entries.delete(id);
  entries.set(id, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= capacity) return;
    entries.delete(oldest);
  }
}
