/** A line of the service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Whether the line says that a token was signed; with `cause`, only for this reason. */
export function isSigned({ msg, reason }: LogLine, cause?: string): boolean {
  return msg === 'signed' && (cause === undefined || reason === cause);
}

/** Whether the line says that a JWT became Ready. */
export function isReady({ condition, status }: LogLine): boolean {
  return condition === 'Ready' && status === 'True';
}

/**
 * Returns a function to call with each line: it gives true once `count` different JWTs have a line that
 * matches. The line "every JWT was looked at" is not enough: it also counts JWTs whose write failed and will
 * be tried again.
 */
export function reaches(count: number, fits: (line: LogLine) => boolean): (line: LogLine) => boolean {
  const jwts = new Set<string>();
  return (line) => {
    if (fits(line)) jwts.add(`${String(line['namespace'])}/${String(line['name'])}`);
    return jwts.size >= count;
  };
}

/** Time at which it was written, in milliseconds since the epoch. */
export function timeOf({ time }: LogLine): number {
  return Date.parse(String(time));
}
