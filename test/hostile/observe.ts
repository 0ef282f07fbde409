import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Target } from './attack.ts';
import { launchAttack, type Answers, type Priority } from './launch-attack.ts';
import type { Experience, Neighbour } from './neighbour.ts';
import type { Fighter } from './ring.ts';

/** The result of one attack. */
export interface HostileResult {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  /** Largest resident memory of the service during the attack, in MiB. */
  readonly peakMiB: number;
  /** Slowest creation of an annotated pod by the neighbour, in milliseconds. */
  readonly longestMs: number;
  /** Slowest creation of a pod that the service never gets, in milliseconds. */
  readonly longestPlainMs: number;
  /** Largest lateness of a renewal of the neighbour's tokens, in milliseconds. */
  readonly latestMs: number;
  /** Its token, and when it was renewed. */
  readonly latest: string;
  /** The answers that the attacker got. */
  readonly answers: string;
  /** Descriptions of what must not happen and did. */
  readonly harms: readonly string[];
  /** Descriptions of what nobody saw, or what the API server itself took: without a harm, nothing is shown. */
  readonly gaps: readonly string[];
}

/** The time within which a well-behaved client's pod must be created (quality.md). */
export const ANSWER_MS = 5_000;
/**
 * A due token of the neighbour is renewed within this time, and what the API server took for a pod that the
 * service never gets; it is then due for half a minute.
 */
export const LATE_MS = 5_000;
/** The service's work on the leftovers of an attack shows problems within this time. */
export const AFTERMATH_MS = 2_000;
export const ATTACK_MS = 90_000;

/** The neighbour and the service, which are observed during an attack. */
export interface Observed {
  readonly neighbour: Neighbour;
  readonly victim: Fighter;
  /** Prefix of the names and titles of the rows. */
  readonly prefix: string;
  /** The priority of the attackers. */
  readonly priority: Priority;
}

/** The parts of a row that are known without observation. */
export type Outcome = Pick<HostileResult, 'answers' | 'harms' | 'gaps'>;

/** Runs the attack without any other one. */
export async function launchAlone(
  { priority }: Pick<Observed, 'priority'>,
  attack: Attack,
  target: Target,
): Promise<Outcome> {
  const answers = await launchAttack(priority, attack, target, ATTACK_MS);
  return { answers: answers.words, ...missing(attack, answers) };
}

/**
 * The harm of an attack that was not made: it showed nothing. One that had no time to begin is a gap: what it
 * needed may have been the CPU.
 */
export function missing({ name }: Attack, { words, wasMade, isGivenUp }: Answers): Omit<Outcome, 'answers'> {
  const what = wasMade ? [] : [`the attack ${name} was not made: ${words}`];
  return isGivenUp ? { harms: [], gaps: what } : { harms: what, gaps: [] };
}

/**
 * Runs the action of a row, and collects its harm until some time afterwards. Harm since the end of the row
 * before counts as well: otherwise nobody would report it.
 */
export async function observe(
  siege: Omit<Observed, 'priority'>,
  { name, title }: Pick<Attack, 'name' | 'title'>,
  run: () => Promise<Outcome>,
): Promise<HostileResult> {
  const startedAt = performance.now();
  const { answers, harms, gaps } = await run();
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
    gaps: [...gaps, ...seen.gaps],
  };
}

export type ObservedAttack = Pick<
  HostileResult,
  'peakMiB' | 'longestMs' | 'longestPlainMs' | 'latestMs' | 'latest' | 'harms' | 'gaps'
>;

/** The harm since the last call, including that to the pods and tokens that are being looked at. */
export async function look({
  neighbour,
  victim,
}: Pick<Observed, 'neighbour' | 'victim'>): Promise<ObservedAttack> {
  await neighbour.settle();
  const seen = neighbour.takeExperience();
  const peak = victim.takePeakMemory();
  const ends = await victim.takeEnds();
  const slow = findSlow(seen);
  const harms = [...seen.harms, ...ends.map((end) => `the service ended (${end})`), ...slow.harms];
  if (peak > victim.memory.bytes) harms.push(`${toMiB(peak)} MiB were used`);
  return {
    peakMiB: toMiB(peak),
    longestMs: Math.round(seen.longestMs),
    longestPlainMs: Math.round(seen.longestPlainMs),
    latestMs: Math.round(seen.latestMs),
    latest: seen.latest,
    harms,
    gaps: [...seen.gaps, ...slow.gaps],
  };
}

/** Distinguishes the slowness of the service from that of the API server, which pods show that it never gets. */
function findSlow(seen: Experience): Pick<HostileResult, 'harms' | 'gaps'> {
  const { longestMs, longestPlainMs, latestMs, latest, injected } = seen;
  const isStalled = longestPlainMs > ANSWER_MS;
  const harms: string[] = [];
  const gaps = isStalled ? [`the API server itself took ${toSeconds(longestPlainMs)}`] : [];
  if (longestMs - (isStalled ? longestPlainMs : 0) > ANSWER_MS)
    harms.push(`a pod took ${toSeconds(longestMs)}`);
  if (latestMs - longestPlainMs > LATE_MS) harms.push(`renewed ${toSeconds(latestMs)} late: ${latest}`);
  if (injected === 0) (isStalled ? gaps : harms).push('no pod was created with its token');
  return { harms, gaps };
}

function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function toMiB(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
