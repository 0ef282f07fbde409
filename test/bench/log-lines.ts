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
 * Asked of line after line: whether with this one so many different JWTs have a line that fits. "every JWT was looked at" says less:
 * those whose write failed and is tried again later were looked at, too.
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
