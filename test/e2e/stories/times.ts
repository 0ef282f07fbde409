/** Columns of a table for times in seconds; `samples` is their number. Pure. */
export function describeTimes(times: readonly number[]): Readonly<Record<string, string>> {
  const ordered = times.toSorted((one, other) => one - other);
  const at = (share: number) => `${(ordered[Math.ceil(share * ordered.length) - 1] ?? 0).toFixed(1)} s`;
  return {
    samples: String(times.length),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: at(1),
  };
}
