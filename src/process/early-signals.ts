/** What Kubernetes and a terminal end a process with. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Until something was started that has to be stopped, a signal ends the process. It would do so by itself, but not as process 1
 * of a container, for which the kernel drops signals without a handler: the pod would start anyway, and work until it is killed.
 */
export function exitOnEarlySignals(): void {
  for (const signal of SIGNALS) process.on(signal, exit);
}

/** From now on others handle them: to be called after these have begun to. */
export function leaveSignalsToOthers(): void {
  for (const signal of SIGNALS) process.off(signal, exit);
}

function exit(): void {
  process.exit(0);
}
