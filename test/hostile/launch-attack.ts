import { Worker } from 'node:worker_threads';
import type { Attack, Target } from './attack.ts';

const ENTRY = new URL('./attacker.ts', import.meta.url);

/** An attack in a thread of its own. */
export interface Launched {
  /** Resolves when the thread has loaded its programs, which takes seconds where many do. */
  readonly begun: Promise<void>;
  /** What came back, or that it took longer than it may and was ended. */
  readonly answers: Promise<string>;
}

/** What a thread says. */
type Message = { readonly hasBegun: true } | { readonly answers: string };

/** Makes an attack; it is ended `withinMs` after it has begun. */
export function launchAttack({ name }: Attack, target: Target, withinMs: number): Launched {
  const worker = new Worker(ENTRY, { workerData: { name, target } });
  const begun = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<string>();
  let patience: NodeJS.Timeout | undefined;
  worker.on('message', (message: Message) => {
    if ('answers' in message) return answered.resolve(message.answers);
    patience = setTimeout(() => answered.resolve(`ended after ${withinMs / 1000} s`), withinMs);
    begun.resolve();
  });
  worker.on('error', (error) => {
    answered.resolve(`could not be made: ${String(error)}`);
    begun.resolve();
  });
  const waitForAnswers = async (): Promise<string> => {
    try {
      return await answered.promise;
    } finally {
      clearTimeout(patience);
      await worker.terminate();
    }
  };
  return { begun: begun.promise, answers: waitForAnswers() };
}
