/** The signals that Kubernetes and a terminal end a process with. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * As long as nobody else handles these signals, they end the process: nothing was started that has to be stopped. They would
 * do so by themselves, but not as process 1 of a container, for which the kernel drops signals without a handler: the pod would
 * start anyway, and work until it is killed.
 */
export function exitOnEarlySignals(): void {
  for (const signal of SIGNALS) process.on(signal, exitIfAlone);
}

/**
 * Code that handles signals later need not remove this handler, and could not: in the bundle `run` is a file of its own, with
 * its own copy of what it imports.
 */
function exitIfAlone(signal: (typeof SIGNALS)[number]): void {
  if (process.listenerCount(signal) === 1) process.exit(0);
}
