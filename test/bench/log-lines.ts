/** A line of the service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A token is in the Secret; whatever the cause, or because of this one. */
export function isSigned({ msg, reason }: LogLine, cause?: string): boolean {
  return msg === 'signed' && (cause === undefined || reason === cause);
}

/** A JWT's status says Ready since then. */
export function isReady({ condition, status }: LogLine): boolean {
  return condition === 'Ready' && status === 'True';
}

/**
 * A function to call with each line: true once `count` different JWTs have a line that fits. "every JWT was looked at" says less:
 * it counts those whose write failed and is tried again later, too.
 */
export function reaches(count: number, fits: (line: LogLine) => boolean): (line: LogLine) => boolean {
  const jwts = new Set<string>();
  return (line) => {
    if (fits(line)) jwts.add(`${String(line['namespace'])}/${String(line['name'])}`);
    return jwts.size >= count;
  };
}

/** When it was written, in milliseconds since the epoch. */
export function timeOf({ time }: LogLine): number {
  return Date.parse(String(time));
}
