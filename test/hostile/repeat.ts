import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `step` again and again, with a pause of `pauseMs` after each call. The returned function ends that, and
 * resolves when the last call is over. A step that throws ends it as well.
 */
export function repeat(step: () => Promise<void>, pauseMs: number): () => Promise<void> {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await step();
      await sleep(pauseMs);
    }
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
