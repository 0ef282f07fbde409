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
  let waiting: WaitingText[] = [];
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
    for (const piece of waiting) {
      const wanted = refused === 0 ? piece : afterLoss(refused, reason, piece, isLineOpen);
      const { taken, code } = writeSome(wanted.bytes, write);
      if (taken > 0) isLineOpen = wanted.bytes[taken - 1] !== LINE_FEED;
      size -= piece.bytes.length;
      const unreported = wanted.reports.filter(({ until }) => taken < until);
      if (code === 'EAGAIN') {
        const bytes = wanted.bytes.subarray(taken);
        size += bytes.length;
        refused = 0;
        const reports = unreported.map(({ count, until }) => ({ count, until: until - taken }));
        waiting = [{ bytes, reports }, ...waiting.slice(done + 1)];
        return false;
      }
      refused = code === undefined ? 0 : unreported.reduce((sum, { count }) => sum + count, 1);
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
      const alone = { bytes: Buffer.from(text), reports: [] };
      const piece = dropped === 0 ? alone : afterLoss(dropped, 'standard output was not read', alone, false);
      dropped = 0;
      size += piece.bytes.length;
      waiting.push(piece);
      if (timer === undefined) retry();
    },
  };
}

/** Bytes to be written: a text, perhaps after lines that say how many texts before it are missing. */
interface WaitingText {
  readonly bytes: Buffer;
  /** The counts in these lines. Nobody has read one before all bytes `until` its end are taken. */
  readonly reports: readonly { readonly count: number; readonly until: number }[];
}

function afterLoss(
  count: number,
  reason: string,
  { bytes, reports }: WaitingText,
  isLineOpen: boolean,
): WaitingText {
  const loss = Buffer.from(`${isLineOpen ? '\n' : ''}${describeLoss(count, reason)}`);
  const later = reports.map((line) => ({ count: line.count, until: line.until + loss.length }));
  // A line can be read without its line feed.
  return { bytes: Buffer.concat([loss, bytes]), reports: [{ count, until: loss.length - 1 }, ...later] };
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
