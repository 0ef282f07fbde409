import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Target } from './attack.ts';
import { launchAttack, type Answers } from './launch-attack.ts';
import type { Neighbour } from './neighbour.ts';
import type { Fighter } from './ring.ts';

/** What came out of one attack. */
export interface HostileResult {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  /** Largest resident memory of the service meanwhile, in MiB. */
  readonly peakMiB: number;
  /** Slowest creation of an annotated pod by a client that does nothing wrong, in milliseconds. */
  readonly longestMs: number;
  /** Slowest creation of a pod that the service never sees, in milliseconds. */
  readonly longestPlainMs: number;
  /** What the attacker got back. */
  readonly answers: string;
  /** What must not happen and did, in words. */
  readonly harms: readonly string[];
}

/** A well-behaved client's pod is created within this time (quality.md). */
export const ANSWER_MS = 5_000;
/** What an attack leaves to be worked on shows itself within this time. */
export const AFTERMATH_MS = 2_000;
export const ATTACK_MS = 90_000;

/** The well-behaved client and the service, which are observed during an attack. */
export interface Observed {
  readonly neighbour: Neighbour;
  readonly victim: Fighter;
  /** Put before the names and titles of the rows. */
  readonly prefix: string;
}

/** What is known of a row beside what was observed. */
export type Outcome = Pick<HostileResult, 'answers' | 'harms'>;

/** Makes the attack with nothing beside it. */
export async function launchAlone(attack: Attack, target: Target): Promise<Outcome> {
  const answers = await launchAttack(attack, target, ATTACK_MS).answers;
  return { answers: answers.words, harms: missing(attack, answers) };
}

/** Nothing was shown by an attack that was not made, so that is a harm. */
export function missing({ name }: Attack, { words, wasMade }: Answers): readonly string[] {
  return wasMade ? [] : [`the attack ${name} was not made: ${words}`];
}

/**
 * Runs what a row is about, and looks at the harm that it did until a while after it. What came after the look of the row
 * before counts, too: nobody else would see it.
 */
export async function observe(
  siege: Observed,
  { name, title }: Pick<Attack, 'name' | 'title'>,
  run: () => Promise<Outcome>,
): Promise<HostileResult> {
  const startedAt = performance.now();
  const { answers, harms } = await run();
  await sleep(AFTERMATH_MS);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const seen = await look(siege);
  return {
    ...seen,
    name: siege.prefix + name,
    title: siege.prefix + title,
    seconds,
    answers,
    harms: [...harms, ...seen.harms],
  };
}

export type ObservedAttack = Pick<HostileResult, 'peakMiB' | 'longestMs' | 'longestPlainMs' | 'harms'>;

/** What happened since the last look, with what comes of the pods that are being created. */
export async function look({ neighbour, victim }: Observed): Promise<ObservedAttack> {
  await neighbour.settle();
  const { longestMs, longestPlainMs, harms } = neighbour.takeExperience();
  const peak = victim.takePeakMemory();
  const ends = await victim.takeEnds();
  const all = [...harms, ...ends.map((end) => `the service ended (${end})`)];
  if (longestMs > ANSWER_MS) all.push(`a pod took ${(longestMs / 1000).toFixed(1)} s`);
  if (peak > victim.memory.bytes) all.push(`${toMiB(peak)} MiB were used`);
  return {
    peakMiB: toMiB(peak),
    longestMs: Math.round(longestMs),
    longestPlainMs: Math.round(longestPlainMs),
    harms: all,
  };
}

function toMiB(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
