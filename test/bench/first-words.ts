import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Resolves when the process has written something to its piped output: it is ready. Rejects if it ends before. */
export async function waitForFirstWords(child: ChildProcess, what: string): Promise<void> {
  if (child.stdout === null) throw new Error(`the output of ${what} is not piped`);
  const ending = new AbortController();
  const { signal } = ending;
  const ended = once(child, 'exit', { signal }).then(([code, killedBy]) => {
    throw new Error(`${what} ended at its start (${killedBy ?? `code ${code}`})`);
  });
  try {
    await Promise.race([once(child.stdout, 'data', { signal }), ended]);
  } finally {
    ending.abort();
    ended.catch(() => undefined); // it was aborted
  }
}
