import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The largest resident memory of a process since the last call, in bytes; 0 if it has just ended. Linux keeps
 * the peak until it is reset (proc(5), clear_refs). Throws if it cannot be read or reset: without a cgroup it
 * is all that is known about the memory. @param proc stands in for `/proc`.
 */
export function takePeakMemory(pid: number, proc = '/proc'): number {
  const folder = join(proc, `${pid}`);
  try {
    const status = readFileSync(join(folder, 'status'), 'utf8');
    if (/^State:\s+Z/m.test(status)) return 0; // ended, and still in the table of processes
    const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(status) ?? [];
    if (kibibytes === undefined) throw new Error(`process ${pid} has no peak memory`);
    writeFileSync(join(folder, 'clear_refs'), '5');
    return Number(kibibytes) * 1024;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw error;
  }
}
