import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitUntil } from '../controlplane/wait-until.ts';

const ANSWERS_WITHIN_MS = 60_000; // a second or two is usual
const PROMPT = 'READY> ';
/** The prompt at the beginning of a line, not in a command that sets it. */
const AT_PROMPT = /[\r\n]READY> /;

/** A shell with a user who types into it. */
export interface Terminal extends AsyncDisposable {
  /** Runs one line and waits for the next prompt. */
  run(line: string): Promise<void>;
  /** Types the text and the tab key. Waits until the line on the screen is `expected`, and clears it. */
  complete(typed: string, expected: string): Promise<void>;
}

/** Starts an interactive shell in a terminal (by `script` of util-linux), without any user settings. */
export async function openTerminal(command: string, env: NodeJS.ProcessEnv): Promise<Terminal> {
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    env: { ...process.env, TERM: 'dumb', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const waitFor = async (what: string | RegExp): Promise<void> => {
    await waitUntil(`the terminal to show ${String(what)}`, ANSWERS_WITHIN_MS, () =>
      typeof what === 'string' ? screen.includes(what) : what.test(screen),
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; it shows ${JSON.stringify(screen)}`, { cause: error });
    });
  };
  // Sent before the shell is ready, as its own prompt is not known; it reads the line when it is ready.
  child.stdin.write(`PS1='${PROMPT}'\n`);
  await waitFor(AT_PROMPT);
  return {
    run: async (line) => {
      screen = '';
      child.stdin.write(`${line}\n`);
      await waitFor(AT_PROMPT);
    },
    complete: async (typed, expected) => {
      screen = '';
      child.stdin.write(`${typed}\t`);
      await waitFor(expected);
      screen = '';
      child.stdin.write('\x03'); // Ctrl-C: a new line
      await waitFor(AT_PROMPT);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}
