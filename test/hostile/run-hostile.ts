import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerName } from '../controlplane/shipped-containers.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Attack, Target } from './attack.ts';
import { launchAttack } from './launch-attack.ts';
import { startNeighbour, type Neighbour } from './neighbour.ts';
import {
  AFTERMATH_MS,
  ANSWER_MS,
  ATTACK_MS,
  launchAlone,
  look,
  missing,
  observe,
  type HostileResult,
  type ObservedAttack,
  type Observed,
  type Outcome,
} from './observe.ts';
import type { Ring } from './ring.ts';
import { storeUnseen } from './store-unseen.ts';

export interface HostileOptions {
  readonly scale: number;
  /** One attack after the other. */
  readonly apart: boolean;
  /** Also all attacks at the same time: the attackers themselves take more than two cores then. */
  readonly together: boolean;
  /** The containers that are attacked: the fallback webhook from the port alone, and when the first one is gone. */
  readonly containers: readonly ContainerName[];
  readonly onResult: (result: HostileResult) => void;
}

const TOGETHER_MS = 180_000;
/** The number of attacks under way together at the end and the new start, after rows with each of them. */
const DURING_RESTART = 4;

/** Makes the attacks one after the other, then together, then while the service ends and starts again. */
export async function runHostile(
  attacks: readonly Attack[],
  ring: Ring,
  { apart: isApart, together: isTogether, containers, ...options }: HostileOptions,
): Promise<void> {
  const neighbour = await startNeighbour(await ring.enroll('well-behaved'));
  let number = 0;
  const enroll = (): ReturnType<Ring['enroll']> => {
    number += 1;
    return ring.enroll(`hostile-${number}`);
  };
  const fromPort = attacks.filter(({ from }) => from === 'port');
  try {
    const siege = { ring, neighbour, enroll, ...options };
    if (containers.includes('jwt-injector'))
      await besiege(attacks, { ...siege, victim: ring.main, prefix: '', isApart, isTogether });
    if (!containers.includes('fallback-webhook') || fromPort.length === 0) return;
    await leaveAlone(ring, neighbour);
    // In the short form all of them during its end and new start stand for the other rows.
    const how = { isApart: isApart && isTogether, isTogether };
    await besiege(fromPort, { ...siege, victim: ring.fallback, prefix: 'fallback: ', ...how });
  } finally {
    await neighbour.stop();
  }
}

/** The first container of the pod is gone, and its tokens are kept fresh by another pod. */
async function leaveAlone({ main, fallback, otherLeader }: Ring, neighbour: Neighbour): Promise<void> {
  await otherLeader.start();
  await fallback.start();
  await main.kill();
  // The review that was under way went with it, and does not count.
  neighbour.forget();
  await waitUntil('a pod by way of the fallback', ANSWER_MS, () => {
    const { pods, harms } = neighbour.takeExperience();
    return pods > 0 && harms.length === 0;
  });
}

interface Siege extends Observed {
  readonly ring: Ring;
  readonly scale: number;
  readonly isApart: boolean;
  readonly isTogether: boolean;
  /** A namespace for one more attacker. */
  readonly enroll: () => ReturnType<Ring['enroll']>;
  readonly onResult: (result: HostileResult) => void;
}

async function besiege(attacks: readonly Attack[], siege: Siege): Promise<void> {
  const { ring, victim, scale, isApart, isTogether, enroll, onResult } = siege;
  const aim = async (isAlone: boolean): Promise<Target> => {
    const tenant = await enroll();
    return { ...tenant, webhookPort: ring.webhookPort, httpPort: victim.httpPort(), isAlone, scale };
  };
  const attackTogether = async (withinMs: number): Promise<Outcome> => {
    const launch = async (attack: Attack): Promise<readonly string[]> =>
      missing(attack, await launchAttack(attack, await aim(false), withinMs).answers);
    const harms = (await Promise.all(attacks.map(launch))).flat();
    return { answers: `${attacks.length} attacks`, harms };
  };
  for (const attack of isApart ? attacks : []) {
    const target = await aim(true);
    onResult(await observe(siege, attack, () => launchAlone(attack, target)));
  }
  const together = { name: 'together', title: 'all of these at the same time' };
  if (isTogether) onResult(await observe(siege, together, () => attackTogether(TOGETHER_MS)));
  for (const attack of attacks.filter(({ isRefused }) => isRefused === true))
    onResult(await storeUnseen(siege, attack, await aim(true)));
  const fromPort = attacks.filter(({ from }) => from === 'port');
  const atEnd = isApart || isTogether ? fromPort.slice(0, DURING_RESTART) : fromPort;
  onResult(await endAndStart(siege, atEnd, await aim(false)));
}

/** SIGTERM while the port is attacked; then a start while all that was stored is there and the port is attacked again. */
async function endAndStart(siege: Siege, attacks: readonly Attack[], target: Target): Promise<HostileResult> {
  const { neighbour, victim } = siege;
  const looks: ObservedAttack[] = [];
  const restart = async (): Promise<Outcome> => {
    const attacking = attacks.map((attack) => ({ attack, ...launchAttack(attack, target, ATTACK_MS) }));
    await Promise.all(attacking.map(({ begun }) => begun));
    await sleep(AFTERMATH_MS);
    looks.push(await look(siege));
    const stoppedAt = performance.now();
    const stopped = await victim.stop();
    const endMs = performance.now() - stoppedAt;
    const startedAt = performance.now();
    await victim.start();
    const readyMs = performance.now() - startedAt;
    // What met no service at all does not count.
    neighbour.forget();
    const missed = await Promise.all(
      attacking.map(async ({ attack, answers }) => missing(attack, await answers)),
    );
    // They take connections from each other, and the end of the process those that are being made: one of them has to arrive.
    const isAttacked = missed.some((harms) => harms.length === 0);
    return {
      answers: `ended after ${(endMs / 1000).toFixed(1)} s, ready again after ${(readyMs / 1000).toFixed(1)} s`,
      harms: isAttacked ? stopped : [...stopped, ...missed.flat()],
    };
  };
  const title = 'SIGTERM and a new start, with all that was stored, while the port is attacked';
  const result = await observe(siege, { name: 'restart', title }, restart);
  looks.push(result);
  const most = (of: (one: ObservedAttack) => number): number => Math.max(...looks.map(of));
  return {
    ...result,
    peakMiB: most(({ peakMiB }) => peakMiB),
    longestMs: most(({ longestMs }) => longestMs),
    longestPlainMs: most(({ longestPlainMs }) => longestPlainMs),
    harms: looks.flatMap((one) => one.harms),
  };
}
