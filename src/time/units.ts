/**
 * The two units of time, for moments since the epoch as well as for spans. JWTs (RFC 7519), Kubernetes and Prometheus
 * count in seconds, so the core and what we publish do; timers, clocks and dates of JavaScript count in milliseconds, so
 * whatever waits does.
 *
 * A value of the one type does not compile where the other is expected. A plain number fits both: so a constant needs no
 * constructor, and a sum no cast.
 *
 * A constant in milliseconds has a name that ends in `_MS`, one in seconds is declared as `Seconds`.
 */
export type Seconds = number & { readonly unit?: 's' };
/** The other unit: of clocks, timers and the dates of JavaScript. */
export type Milliseconds = number & { readonly unit?: 'ms' };

/** Lengths for constants. */
export const HOUR_MS: Milliseconds = 3_600_000;
/** As `HOUR_MS`. */
export const DAY_MS: Milliseconds = 24 * HOUR_MS;

/** `undefined` stays `undefined`: an unknown time is unknown in any unit. */
export function toSeconds(time: Milliseconds): Seconds;
export function toSeconds(time: Milliseconds | undefined): Seconds | undefined;
export function toSeconds(time: Milliseconds | undefined): Seconds | undefined {
  return time === undefined ? undefined : time / 1000;
}

/** As `toSeconds`. */
export function toMilliseconds(time: Seconds): Milliseconds;
export function toMilliseconds(time: Seconds | undefined): Milliseconds | undefined;
export function toMilliseconds(time: Seconds | undefined): Milliseconds | undefined {
  return time === undefined ? undefined : time * 1000;
}
