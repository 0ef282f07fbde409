import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { formatLogTime } from '../time/format-time.ts';

/** How long a full pipe is left alone before the next try. */
const RETRY_MS = 20;
/** Bytes that wait for a reader: beyond, lines are dropped and counted, since memory matters more than they do. */
const WAITING_LIMIT = 4 * 1024 * 1024;
/** At the exit a reader gets this long to take the rest: a pod has 30 s to end. */
const LAST_WAIT_MS = 2_000;

/**
 * Standard output, each text written at once and in its order, up to the last one before the exit. (An asynchronous write may
 * still be running then, and what follows it would overtake it.) Nothing waits for a reader that has stopped: what a full pipe
 * does not take is kept and tried again. Such a pipe blocks a write only as long as nobody has touched `process.stdout`, which
 * makes it non-blocking; `main.ts` does.
 */
export function standardOutput(
  write: (bytes: Uint8Array) => number = (bytes) => writeSync(1, bytes),
): DestinationStream {
  let waiting: Buffer[] = [];
  let size = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Whether nothing waits any more. */
  const drain = (): boolean => {
    let done = 0;
    for (const bytes of waiting) {
      const rest = writeSome(bytes, write);
      size -= bytes.length - rest.length;
      if (rest.length > 0) {
        waiting = [rest, ...waiting.slice(done + 1)];
        return false;
      }
      done += 1;
    }
    waiting = [];
    return true;
  };
  const retry = (): void => {
    timer = drain() ? undefined : setTimeout(retry, RETRY_MS).unref();
  };
  process.on('exit', () => {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const until = performance.now() + LAST_WAIT_MS;
    while (!drain() && performance.now() < until) Atomics.wait(pause, 0, 0, RETRY_MS);
  });
  return {
    write: (text) => {
      if (size > WAITING_LIMIT) {
        dropped += 1;
        return;
      }
      const bytes = Buffer.from(dropped === 0 ? text : `${describeLoss(dropped)}${text}`);
      dropped = 0;
      size += bytes.length;
      waiting.push(bytes);
      if (timer === undefined) retry();
    },
  };
}

function describeLoss(count: number): string {
  const msg = `${count} pieces of this log are missing: standard output was not read`;
  return `${JSON.stringify({ level: 'warn', time: formatLogTime(Date.now()), msg })}\n`;
}

/** Writes bytes until the destination takes no more, and returns the rest. A reader that is gone takes everything. */
function writeSome(bytes: Buffer, write: (bytes: Uint8Array) => number): Buffer {
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(write(rest));
    return rest;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'EAGAIN' ? rest : rest.subarray(rest.length);
  }
}
