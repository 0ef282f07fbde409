import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Attack, Target } from './attack.ts';
import type { Order, Report, Said } from './attackers-messages.ts';

const ENTRY = join(import.meta.dirname, 'attackers.ts');

/** The result of an attack. */
export interface Answers {
  /** The answers, or why there are none, or that the attack took too long and was ended. */
  readonly words: string;
  /** A part of it got to the code that it is meant for. Otherwise the attack shows nothing. */
  readonly wasMade: boolean;
  /** It had not ended in time: the attackers get only the CPU that is left. */
  readonly isGivenUp: boolean;
}

/** An attack in a thread of its own, which has loaded all it needs. */
export interface Prepared {
  /** Begins it; it is given up `withinMs` later. */
  begin(withinMs: number): Promise<Answers>;
}

/**
 * The priorities of attackers. A real one has another machine, so the work of sending must not delay the
 * well-behaved client that is measured: at the lowest priority they get the CPU that is left.
 */
export type Priority = 'lowest' | 'normal';
const NICE = { lowest: '19', normal: '0' } as const;

/** Attackers in a process and a session of their own. All of them are ended when this is disposed of. */
export interface Attackers extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when its thread is ready, or cannot be made: `begin` then says why. */
  prepare(attack: Pick<Attack, 'name'>, target: Target): Promise<Prepared>;
}

export async function startAttackers(priority: Priority): Promise<Attackers> {
  // `nice` before Node begins: the threads of V8, which collect its garbage, have that priority, too.
  const child = spawn('nice', ['-n', NICE[priority], process.execPath, ENTRY, NICE[priority]], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true, // a session of its own
  });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  const listeners: ((said: Said) => void)[] = [];
  child.on('message', ({ number, said }: Report) => listeners[number]?.(said));
  child.on('exit', (code, signal) => {
    for (const listener of listeners) listener({ problem: `the attackers ended (${signal ?? code})` });
  });
  const order = (sent: Order): void => {
    child.send(sent, () => {}); // `exit` reports that nobody is there
  };
  return {
    pid: child.pid ?? 0,
    prepare: async ({ name }, target) => {
      const number = listeners.length;
      const ready = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<Answers>();
      let wasMade = false;
      listeners.push((said) => {
        if (said === 'reached') wasMade = true;
        else if (said !== 'ready')
          answered.resolve(
            'answers' in said
              ? { words: said.answers, wasMade, isGivenUp: false }
              : { words: `could not be made: ${said.problem}`, wasMade: false, isGivenUp: false },
          );
        ready.resolve();
      });
      order({ number, prepare: { name, target } });
      await ready.promise;
      return {
        begin: async (withinMs) => {
          const giveUp = (): void =>
            answered.resolve({ words: `ended after ${withinMs / 1000} s`, wasMade, isGivenUp: true });
          const patience = setTimeout(giveUp, withinMs);
          order({ number });
          try {
            return await answered.promise;
          } finally {
            clearTimeout(patience);
          }
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs an attack without another one; it is ended `withinMs` after its start. */
export async function launchAttack(
  priority: Priority,
  attack: Pick<Attack, 'name'>,
  target: Target,
  withinMs: number,
): Promise<Answers> {
  await using attackers = await startAttackers(priority);
  const prepared = await attackers.prepare(attack, target);
  return await prepared.begin(withinMs);
}
