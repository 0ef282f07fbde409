/** A signal that asks the process to end, and the exit code that reports it to a shell (128 + its number). */
export interface Interruption {
  readonly name: 'SIGINT' | 'SIGTERM' | 'SIGHUP';
  readonly exitCode: number;
}

const SIGNALS: readonly Interruption[] = [
  { name: 'SIGINT', exitCode: 130 },
  { name: 'SIGTERM', exitCode: 143 },
  { name: 'SIGHUP', exitCode: 129 },
];

/**
 * Resolves at the first signal. The next one of the same name has its usual effect: it ends the process at
 * once.
 */
export function catchSignal(): Promise<Interruption> {
  const { promise, resolve } = Promise.withResolvers<Interruption>();
  for (const interruption of SIGNALS) process.once(interruption.name, () => resolve(interruption));
  return promise;
}
