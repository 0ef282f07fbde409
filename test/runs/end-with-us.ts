import type { ChildProcess } from 'node:child_process';

const running = new Set<number>();

/**
 * A signal that ends this process also ends the child and all its processes. The child has to be `detached`,
 * so that it leads a process group. Without this, tests would run for minutes after Ctrl-C.
 */
export function endWithUs(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return; // it could not be started
  running.add(pid);
  child.once('exit', () => running.delete(pid));
}

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const pid of running) process.kill(-pid, signal);
    process.kill(process.pid, signal); // the handler is removed, so this signal ends this process
  });
}
