/** What src/kube tells of itself: pino's logger fits. Fields never hold a body, a token or a key. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The time as src/kube needs it; the loop's clock fits. All in milliseconds. */
export interface Clock {
  /** Since the epoch. */
  now(): number;
  /** Since an arbitrary moment, never backwards. */
  monotonic(): number;
  /** Rejects as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  setTimer(ms: number, action: () => void): { cancel(): void };
}
