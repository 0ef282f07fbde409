import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { formatLogTime } from '../time/format-time.ts';

/** How long a full pipe is left alone before the next try. */
const RETRY_MS = 20;
/** Bytes that wait for a reader: beyond, lines are dropped and counted, since memory matters more than they do. */
const WAITING_LIMIT = 4 * 1024 * 1024;
/** At the exit a reader gets this long to take the rest: a pod has 30 s to end. */
const LAST_WAIT_MS = 2_000;
const LINE_FEED = 0x0a;

/**
 * Standard output, each text written at once and in its order, up to the last one before the exit. (An asynchronous write may
 * still be running then, and what follows it would overtake it.) Nothing waits for a reader that has stopped: what a full pipe
 * does not take is kept and tried again. Such a pipe blocks a write only as long as nobody has touched `process.stdout`, which
 * makes it non-blocking; `main.ts` does. What a full disk does not take is lost, and said as soon as it takes something again.
 */
export function standardOutput(
  write: (bytes: Uint8Array) => number = (bytes) => writeSync(1, bytes),
): DestinationStream {
  let waiting: Buffer[] = [];
  let size = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  /** The texts that were refused since the last one that was taken. */
  let refused = 0;
  let reason = '';
  let isLineOpen = false;
  /** Whether nothing waits any more. */
  const drain = (): boolean => {
    let done = 0;
    for (const bytes of waiting) {
      const loss = refused === 0 ? '' : `${isLineOpen ? '\n' : ''}${describeLoss(refused, reason)}`;
      const wanted = loss === '' ? bytes : Buffer.concat([Buffer.from(loss), bytes]);
      const { taken, code } = writeSome(wanted, write);
      if (taken > 0) isLineOpen = wanted[taken - 1] !== LINE_FEED;
      size -= bytes.length;
      if (code === 'EAGAIN') {
        const rest = wanted.subarray(taken);
        size += rest.length;
        refused = 0;
        waiting = [rest, ...waiting.slice(done + 1)];
        return false;
      }
      refused = code === undefined ? 0 : refused + 1;
      reason = `standard output could not be written (${code})`;
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
      const bytes = Buffer.from(
        dropped === 0 ? text : `${describeLoss(dropped, 'standard output was not read')}${text}`,
      );
      dropped = 0;
      size += bytes.length;
      waiting.push(bytes);
      if (timer === undefined) retry();
    },
  };
}

function describeLoss(count: number, reason: string): string {
  const msg = `${count} pieces of this log are missing: ${reason}`;
  return `${JSON.stringify({ level: 'warn', time: formatLogTime(Date.now()), msg })}\n`;
}

/** The bytes that the destination took, and the code of the error that it refused the rest with. */
interface WriteOutcome {
  readonly taken: number;
  readonly code: string | undefined;
}

/** Writes bytes until the destination takes no more. */
function writeSome(bytes: Buffer, write: (bytes: Uint8Array) => number): WriteOutcome {
  let taken = 0;
  try {
    while (taken < bytes.length) taken += write(bytes.subarray(taken));
    return { taken, code: undefined };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no known reason';
    return { taken, code };
  }
}
