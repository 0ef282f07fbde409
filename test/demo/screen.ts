import { styleText } from 'node:util';
import { formatTime } from '../controlplane/build-progress.ts';

/** The stream that shows the demo: `process.stdout`, or a fake in tests. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** The output of the demo. Lines below a step are indented. */
export interface Screen {
  /** Begins a numbered step. */
  step(number: number, of: number, title: string): void;
  /** Lines of a step; several at once if the text has line breaks. */
  show(text: string): void;
  /** A detail, in a less visible color. */
  whisper(text: string): void;
  /** A check that succeeded. */
  check(text: string): void;
  /** A line outside the steps, not indented. */
  say(text: string): void;
  /** Shows what is waited for, and for how long already. Gives the result of `work`. */
  wait<T>(what: string, work: Promise<T>): Promise<T>;
  /** From now on only `say` prints: a step that is running can be given up. */
  settle(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const LOG_MS = 10_000; // in a log: often enough to show that it still runs
const ERASE_LINE = '\r\u001B[2K';

/** On a terminal, one line that is updated during a wait; else a line every ten seconds. */
export function createScreen(stream: Stream): Screen {
  const terminal = stream.isTTY === true;
  let drawn = false;
  let settled = false;
  let timer: NodeJS.Timeout | undefined;
  const erase = () => {
    if (drawn) stream.write(ERASE_LINE);
    drawn = false;
  };
  const write = (text: string) => {
    erase();
    stream.write(`${text}\n`);
  };
  const stopWaiting = () => {
    clearInterval(timer);
    erase();
  };
  const show = (text: string) => {
    if (settled) return;
    for (const line of text.trimEnd().split('\n')) write(line === '' ? '' : `   ${line}`);
  };
  return {
    step(number, of, title) {
      if (!settled) write(`\n${styleText('bold', `${number}/${of} ${title}`)}`);
    },
    show,
    whisper: (text) =>
      show(
        text
          .split('\n')
          .map((line) => styleText('gray', line))
          .join('\n'),
      ),
    check: (text) => show(`${styleText('green', '✓')} ${text}`),
    say: write,
    async wait(what, work) {
      if (settled) return work;
      const started = performance.now();
      let frame = 0;
      const draw = () => {
        const gone = performance.now() - started;
        const line = `${what}: ${formatTime(gone)}`;
        if (!terminal) return write(`   … ${line}`);
        frame = (frame + 1) % FRAMES.length;
        stream.write(`${ERASE_LINE}   ${styleText('cyan', FRAMES[frame] ?? '')} ${line}`);
        drawn = true;
      };
      timer = setInterval(draw, terminal ? FRAME_MS : LOG_MS);
      try {
        return await work;
      } finally {
        stopWaiting();
      }
    },
    settle() {
      settled = true;
      stopWaiting();
    },
  };
}
