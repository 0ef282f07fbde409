/** How long the API server waited for a webhook: seconds, calls, and those of at most 5 ms. */
export interface Durations {
  readonly sum: number;
  readonly count: number;
  readonly within5ms: number;
}

const NAME = 'apiserver_admission_webhook_admission_duration_seconds';

/**
 * Reads them from the API server's `/metrics`. @param webhook is the name of a webhook; if it begins with a
 * dot, the end of the names of several.
 */
export function readDurations(metrics: string, webhook: string): Durations {
  const label = webhook.startsWith('.') ? `${webhook}"` : `name="${webhook}"`;
  const lines = metrics.split('\n').filter((line) => line.startsWith(NAME) && line.includes(label));
  const total = (suffix: string, le?: string): number =>
    lines
      .filter(
        (line) => line.startsWith(`${NAME}_${suffix}{`) && (le === undefined || line.includes(`le="${le}"`)),
      )
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  return { sum: total('sum'), count: total('count'), within5ms: total('bucket', '0.005') };
}

export function durationsBetween(after: Durations, before: Durations): Durations {
  return {
    sum: after.sum - before.sum,
    count: after.count - before.count,
    within5ms: after.within5ms - before.within5ms,
  };
}
