import { Worker } from 'node:worker_threads';
import type { Attack, Target } from './attack.ts';

const ENTRY = new URL('./attacker.ts', import.meta.url);

/** Makes an attack in a thread of its own; gives what came back, or that it took longer than `withinMs` and was ended. */
export async function launchAttack({ name }: Attack, target: Target, withinMs: number): Promise<string> {
  const worker = new Worker(ENTRY, { workerData: { name, target } });
  const { promise, resolve } = Promise.withResolvers<string>();
  worker.on('message', resolve);
  worker.on('error', (error) => resolve(`could not be made: ${String(error)}`));
  const patience = setTimeout(() => resolve(`ended after ${withinMs / 1000} s`), withinMs);
  try {
    return await promise;
  } finally {
    clearTimeout(patience);
    await worker.terminate();
  }
}
