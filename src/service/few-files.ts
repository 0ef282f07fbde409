import { readFileSync } from 'node:fs';
import { WEBHOOK_LIMITS } from '../server/app.ts';
import { PROBE_LIMITS } from '../server/guard-probes.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';

/** Sockets that listen, Node's own files, connections to the API server: some sixty. */
const OTHERS = 100;
const NEEDED = WEBHOOK_LIMITS.connections + PROBE_LIMITS.connections + OTHERS;

/**
 * Warns where the kernel allows fewer open files, sockets among them, than the connections that both ports take. When none is
 * left, libuv drops new connections, those of probes as well, and Node gets no error.
 */
export function warnOfFewFiles(log: ServiceLogger): void {
  const limit = readOpenFilesLimit();
  if (limit === undefined || limit >= NEEDED) return;
  log.warn(
    { limit, needed: NEEDED },
    'too few files may be open at once for all connections, and those that are too many are dropped: raise the hard limit (ulimit -Hn)',
  );
}

/** Node has raised it to the hard limit (getrlimit(2)). `undefined` where the system does not say it in Linux's way. */
function readOpenFilesLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+) /m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
