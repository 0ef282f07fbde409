import { Worker } from 'node:worker_threads';
import type { Attack, Target } from './attack.ts';

const ENTRY = new URL('./attacker.ts', import.meta.url);

/** What came of an attack. */
export interface Answers {
  /** What came back, or why nothing could, or that it took longer than it may and was ended. */
  readonly words: string;
  /** A part of it met what it is meant for. Without that, whatever did not suffer was not attacked. */
  readonly wasMade: boolean;
}

/** An attack in a thread of its own. */
export interface Launched {
  /** Resolves when the thread has loaded its programs, which takes seconds where many do. */
  readonly begun: Promise<void>;
  readonly answers: Promise<Answers>;
}

/** What a thread says. */
type Message = { readonly hasBegun: true } | { readonly hasReached: true } | { readonly answers: string };

/** Makes an attack; it is ended `withinMs` after it has begun. */
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
