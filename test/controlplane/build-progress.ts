/** The stream for progress: `process.stderr`, or a fake in tests. */
export type ProgressStream = { readonly isTTY?: boolean | undefined; write(text: string): unknown };

/** One running display. Always call `end`: it stops a timer. */
export type BuildProgress = { set(doing: string, done: number, total: number): void; end(): void };

const TERMINAL_MS = 1000;
const LOG_MS = 30_000; // often enough to show that it still runs, rare enough for a CI log
const SLOWER_LATER = 1.35; // fitted to a whole build: the standard library is built first, and fast
const ESTIMATE_FROM_MS = 10_000; // earlier, the rate is not reliable

/** Shows one updating line on a terminal, else a line every 30 s; the first one with the first figures. */
export function showProgress(stream: ProgressStream): BuildProgress {
  const started = performance.now();
  const terminal = stream.isTTY === true;
  let line: (() => string) | undefined;
  const draw = () => {
    if (line !== undefined) stream.write(terminal ? `\r\u001B[2K${line()}` : `${line()}\n`);
  };
  const timer = setInterval(draw, terminal ? TERMINAL_MS : LOG_MS);
  return {
    set(doing, done, total) {
      line = () => describeProgress(doing, done, total, performance.now() - started);
    },
    end() {
      clearInterval(timer);
      if (terminal && line !== undefined) stream.write('\r\u001B[2K');
    },
  };
}

/** `elapsedMs` counts from the start of the whole work. Pure. */
export function describeProgress(doing: string, done: number, total: number, elapsedMs: number): string {
  if (total === 0) return `  ${doing}, ${formatTime(elapsedMs)} gone`;
  const fraction = Math.min(done / total, 0.99); // "done" counts packages begun, so all begun is not the end
  const left =
    elapsedMs < ESTIMATE_FROM_MS || fraction === 0
      ? 'estimating what is left'
      : `about ${formatTime(elapsedMs / fraction ** SLOWER_LATER - elapsedMs)} left`;
  const percent = Math.floor(fraction * 100);
  return `  ${doing}: ${percent} % of ${total} packages, ${formatTime(elapsedMs)} gone, ${left}`;
}

/** For example 4 min 05 s. */
export function formatTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(rest).padStart(2, '0')} s`;
}
