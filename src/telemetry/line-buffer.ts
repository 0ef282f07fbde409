import type { DestinationStream } from 'pino';

/** Characters, milliseconds. */
const ENOUGH = 16_000;
const FLUSH_MS = 250;

/**
 * Lines are finished and written together: one write for each would cost more than the line itself. They go on when they
 * are enough, a quarter of a second later, or when the process ends.
 */
export function bufferLines(
  destination: DestinationStream,
  finish: (lines: string) => string,
): DestinationStream {
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines === '') return;
    const text = finish(lines);
    lines = '';
    destination.write(text);
  };
  // Before the destination's own, which writes what it has got.
  process.prependListener('beforeExit', flush);
  process.prependListener('exit', flush);
  return {
    write: (line) => {
      lines += line;
      if (lines.length >= ENOUGH) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
  };
}
