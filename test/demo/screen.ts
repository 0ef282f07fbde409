import { styleText } from 'node:util';
import { formatTime } from '../controlplane/build-progress.ts';

/** Where the demo is shown: `process.stdout`, or a stand-in in tests. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** What the demo says. Lines below a step are indented. */
export interface Screen {
  /** Begins a numbered step. */
  step(number: number, of: number, title: string): void;
  /** Lines of a step; several at once if the text has line breaks. */
  show(text: string): void;
  /** A detail: the same, less visible. */
  whisper(text: string): void;
  /** Something held. */
  check(text: string): void;
  /** Something outside the steps, not indented. */
  say(text: string): void;
  /** Shows that something is waited for, and for how long already; gives what `work` gives. */
  wait<T>(what: string, work: Promise<T>): Promise<T>;
  /** From now on only `say` has an effect: a step that is under way may be given up. */
  settle(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const LOG_MS = 10_000; // in a log: often enough to see that it lives
const ERASE_LINE = '\r\u001B[2K';

/** One updating line for what is waited for on a terminal, else a line every ten seconds. */
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
