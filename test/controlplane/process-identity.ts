import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A name for a process that no other process ever gets: host, pid and, on Linux, the start time in clock
 * ticks, as a pid is used again. Can be part of a file name.
 */
export function identifyProcess(pid: number): string {
  return `${hostname()}-${pid}-${readStat(pid)?.startTime ?? 0}`;
}

/**
 * False only if the process that `identifyProcess` named has certainly ended. True for processes of other
 * hosts.
 */
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

/**
 * The process state and start time (proc_pid_stat(5), fields 3 and 22); undefined without /proc or without
 * such a process.
 */
function readStat(pid: number): { state: string | undefined; startTime: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field can contain blanks and parentheses, so count after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], startTime: fields[19] };
  } catch {
    return undefined;
  }
}
