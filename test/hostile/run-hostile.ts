import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Target } from './attack.ts';
import { launchAttack } from './launch-attack.ts';
import { startNeighbour, type Neighbour } from './neighbour.ts';
import type { Ring } from './ring.ts';

/** What came out of one attack. */
export interface HostileResult {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  /** Largest resident memory of the service meanwhile, in MiB. */
  readonly peakMiB: number;
  /** Slowest creation of an annotated pod by a client that does nothing wrong, in milliseconds. */
  readonly longestMs: number;
  /** The same for a pod that the service never sees. */
  readonly longestPlainMs: number;
  /** What the attacker got back. */
  readonly answers: string;
  /** What must not happen and did, in words. */
  readonly harms: readonly string[];
}

export interface HostileOptions {
  readonly scale: number;
  /** One attack after the other. */
  readonly apart: boolean;
  /** Also all attacks at the same time: the attackers themselves take more than two cores then. */
  readonly together: boolean;
  readonly onResult: (result: HostileResult) => void;
}

/** A well-behaved client's pod is created within this time (quality.md). */
const ANSWER_MS = 5_000;
/** What an attack leaves to be worked on shows itself within this time. */
const AFTERMATH_MS = 2_000;
const ATTACK_MS = 90_000;
const TOGETHER_MS = 180_000;
/** `terminationGracePeriodSeconds` of the shipped Deployment. */
const GRACE_MS = 30_000;

/** Makes the attacks one after the other, then together, then while the service ends and starts again. */
export async function runHostile(
  attacks: readonly Attack[],
  ring: Ring,
  { scale, apart: isApart, together: isTogether, onResult }: HostileOptions,
): Promise<void> {
  const { stage } = ring;
  const access = await ring.enroll('well-behaved');
  const neighbour = await startNeighbour(access);
  let number = 0;
  const aim = async (): Promise<Target> => {
    number += 1;
    const tenant = await ring.enroll(`hostile-${number}`);
    const { webhookPort } = stage;
    return { ...tenant, webhookPort, httpPort: stage.service().httpPort, scale };
  };
  const attackTogether = async (withinMs: number): Promise<string> => {
    const launch = async (attack: Attack): Promise<string> => launchAttack(attack, await aim(), withinMs);
    const answers = await Promise.all(attacks.map(launch));
    return `${answers.length} attacks`;
  };
  try {
    for (const attack of isApart ? attacks : []) {
      const target = await aim();
      onResult(
        await observe(attack, { ring, neighbour, run: () => launchAttack(attack, target, ATTACK_MS) }),
      );
    }
    const together = { name: 'together', title: 'all of these at the same time' };
    if (isTogether)
      onResult(await observe(together, { ring, neighbour, run: () => attackTogether(TOGETHER_MS) }));
    onResult(
      await endAndStart(
        ring,
        neighbour,
        attacks.filter(({ from }) => from === 'port'),
        aim,
      ),
    );
  } finally {
    await neighbour.stop();
  }
}

interface Observation {
  readonly ring: Ring;
  readonly neighbour: Neighbour;
  readonly run: () => Promise<string>;
}

async function observe(
  { name, title }: Pick<Attack, 'name' | 'title'>,
  { ring, neighbour, run }: Observation,
): Promise<HostileResult> {
  ring.takePeakMemory();
  neighbour.takeExperience();
  const startedAt = performance.now();
  const answers = await run();
  await sleep(AFTERMATH_MS);
  const seconds = (performance.now() - startedAt) / 1000;
  const { longestMs, longestPlainMs, harms } = neighbour.takeExperience();
  const peak = ring.takePeakMemory();
  const ends = await ring.takeEnds();
  const all = [...harms, ...ends.map((end) => `the service ended (${end})`)];
  if (longestMs > ANSWER_MS) all.push(`a pod took ${(longestMs / 1000).toFixed(1)} s`);
  if (peak > ring.memory.bytes) all.push(`${toMiB(peak)} MiB were used`);
  return {
    name,
    title,
    seconds: Math.round(seconds),
    peakMiB: toMiB(peak),
    longestMs: Math.round(longestMs),
    longestPlainMs: Math.round(longestPlainMs),
    answers,
    harms: all,
  };
}

/** SIGTERM while the port is attacked; then a start while all that was stored is there and the port is attacked again. */
async function endAndStart(
  ring: Ring,
  neighbour: Neighbour,
  attacks: readonly Attack[],
  aim: () => Promise<Target>,
): Promise<HostileResult> {
  const harms: string[] = [];
  const restart = async (): Promise<string> => {
    const target = await aim();
    const attacking = attacks.slice(0, 4).map((attack) => launchAttack(attack, target, ATTACK_MS));
    await sleep(AFTERMATH_MS);
    const stoppedAt = performance.now();
    await ring.stopService();
    const endMs = performance.now() - stoppedAt;
    if (endMs > GRACE_MS) harms.push(`SIGTERM took ${(endMs / 1000).toFixed(1)} s`);
    const startedAt = performance.now();
    await ring.startService();
    const readyMs = performance.now() - startedAt;
    // What met no service at all does not count.
    neighbour.takeExperience();
    await Promise.all(attacking);
    return `ended after ${(endMs / 1000).toFixed(1)} s, ready again after ${(readyMs / 1000).toFixed(1)} s`;
  };
  const title = 'SIGTERM and a new start, with all that was stored, while the port is attacked';
  const result = await observe({ name: 'restart', title }, { ring, neighbour, run: restart });
  return { ...result, harms: [...harms, ...result.harms] };
}

function toMiB(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
