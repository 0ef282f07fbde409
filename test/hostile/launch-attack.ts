import { Worker } from 'node:worker_threads';
import type { Attack, Target } from './attack.ts';

const ENTRY = new URL('./attacker.ts', import.meta.url);

/** The result of an attack. */
export interface Answers {
  /** The answers, or why there are none, or that the attack took too long and was ended. */
  readonly words: string;
  /** A part of it got to the code that it is meant for. Otherwise the attack shows nothing. */
  readonly wasMade: boolean;
}

/** An attack in a thread of its own. */
export interface Launched {
  /** Resolves when the thread has loaded its modules, which takes seconds if many threads do so. */
  readonly begun: Promise<void>;
  readonly answers: Promise<Answers>;
}

/** A message of the thread. */
type Message = { readonly hasBegun: true } | { readonly hasReached: true } | { readonly answers: string };

/** Runs an attack; it is ended `withinMs` after its start. */
export function launchAttack({ name }: Pick<Attack, 'name'>, target: Target, withinMs: number): Launched {
  const worker = new Worker(ENTRY, { workerData: { name, target } });
  const begun = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<Answers>();
  let patience: NodeJS.Timeout | undefined;
  let wasMade = false;
  worker.on('message', (message: Message) => {
    if ('hasReached' in message) wasMade = true;
    else if ('answers' in message) answered.resolve({ words: message.answers, wasMade });
    else {
      patience = setTimeout(
        () => answered.resolve({ words: `ended after ${withinMs / 1000} s`, wasMade }),
        withinMs,
      );
      begun.resolve();
    }
  });
  worker.on('error', (error) => {
    answered.resolve({ words: `could not be made: ${String(error)}`, wasMade: false });
    begun.resolve();
  });
  const waitForAnswers = async (): Promise<Answers> => {
    try {
      return await answered.promise;
    } finally {
      clearTimeout(patience);
      await worker.terminate();
    }
  };
  return { begun: begun.promise, answers: waitForAnswers() };
}
