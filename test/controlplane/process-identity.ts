import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A name for a process that no other process ever has: host, pid and, on Linux, the start time in clock
 * ticks (a pid alone is given out again). Fit for file names.
 */
export function identifyProcess(pid: number): string {
  return `${hostname()}-${pid}-${readStat(pid)?.startTime ?? 0}`;
}

/** False only if the process that `identifyProcess` named is surely gone; other hosts are not judged. */
export function mayBeAlive(identity: string): boolean {
  const [, host, pid] = /^(.+)-(\d+)-\d+$/.exec(identity) ?? [];
  if (host !== hostname()) return host !== undefined;
  return isRunning(Number(pid)) && identifyProcess(Number(pid)) === identity;
}

/** A zombie that nobody reaps (in a container without an init) does not count as running. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  return readStat(pid)?.state !== 'Z';
}

/** See proc_pid_stat(5), fields 3 and 22; undefined without a /proc or a process. */
function readStat(pid: number): { state: string | undefined; startTime: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field may contain blanks and parentheses, so count after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], startTime: fields[19] };
  } catch {
    return undefined;
  }
}
