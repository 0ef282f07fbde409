import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerName } from '../controlplane/shipped-containers.ts';
import type { Attack, Target } from './attack.ts';
import { startAttackers, type Attackers } from './launch-attack.ts';
import { leaveAlone } from './leave-alone.ts';
import { startNeighbour } from './neighbour.ts';
import {
  AFTERMATH_MS,
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
  /** Run one attack after the other. */
  readonly apart: boolean;
  /** Also run all attacks at the same time: then the attackers themselves need more than two cores. */
  readonly together: boolean;
  /**
   * The containers that are attacked: the fallback webhook only at the port, and while the first one is down.
   */
  readonly containers: readonly ContainerName[];
  readonly onResult: (result: HostileResult) => void;
}

const TOGETHER_MS = 180_000;
/**
 * How many attacks run at the same time while the service ends and starts again, after rows with each of them
 * alone.
 */
const DURING_RESTART = 4;

/** Runs the attacks one after the other, then together, then while the service ends and starts again. */
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
    const siege = { ring, neighbour, enroll, priority: 'lowest' as const, ...options };
    if (containers.includes('jwt-injector'))
      await besiege(attacks, { ...siege, victim: ring.main, prefix: '', isApart, isTogether });
    if (!containers.includes('fallback-webhook') || fromPort.length === 0) return;
    options.onResult(await leaveAlone(ring, neighbour));
    // In the short form, the run of all attacks during the end and new start replaces the other rows.
    const how = { isApart: isApart && isTogether, isTogether };
    await besiege(fromPort, { ...siege, victim: ring.fallback, prefix: 'fallback: ', ...how });
  } finally {
    await neighbour.stop();
  }
}

interface Siege extends Observed {
  readonly ring: Ring;
  readonly scale: number;
  readonly isApart: boolean;
  readonly isTogether: boolean;
  /** Creates a namespace for one more attacker. */
  readonly enroll: () => ReturnType<Ring['enroll']>;
  readonly onResult: (result: HostileResult) => void;
}

async function besiege(attacks: readonly Attack[], siege: Siege): Promise<void> {
  const { ring, victim, scale, isApart, isTogether, enroll, onResult } = siege;
  const aim = async (isAlone: boolean): Promise<Target> => {
    const tenant = await enroll();
    return { ...tenant, webhookPort: ring.webhookPort, httpPort: victim.httpPort(), isAlone, scale };
  };
  for (const attack of isApart ? attacks : []) {
    const target = await aim(true);
    onResult(await observe(siege, attack, () => launchAlone(siege, attack, target)));
  }
  if (isTogether) {
    const targets: Target[] = [];
    // One after the other: the programs that create a tenant have the priority of the measurements.
    for (const _ of attacks) targets.push(await aim(false));
    onResult(await attackTogether(siege, attacks, targets));
  }
  for (const attack of attacks.filter(({ isRefused }) => isRefused === true))
    onResult(await storeUnseen(siege, attack, await aim(true)));
  const fromPort = attacks.filter(({ from }) => from === 'port');
  const atEnd = isApart || isTogether ? fromPort.slice(0, DURING_RESTART) : fromPort;
  onResult(await endAndStart(siege, atEnd, await aim(false)));
}

/** Prepares all attacks, and then begins them at the same time. */
async function attackTogether(
  siege: Siege,
  attacks: readonly Attack[],
  targets: readonly Target[],
): Promise<HostileResult> {
  await using attackers = await startAttackers(siege.priority);
  const prepared = await prepareAll(attackers, attacks, targets);
  const row = { name: 'together', title: 'all of these together' };
  return await observe(siege, row, async () => {
    const missed = await Promise.all(
      prepared.map(async ({ attack, ready }) => missing(attack, await ready.begin(TOGETHER_MS))),
    );
    const [harms, gaps] = [missed.flatMap((one) => one.harms), missed.flatMap((one) => one.gaps)];
    return { answers: `${attacks.length} attacks`, harms, gaps };
  });
}

/** Resolves when all of them can begin. Those without a target of their own have the first one. */
function prepareAll(attackers: Attackers, attacks: readonly Attack[], targets: readonly Target[]) {
  const prepare = async (attack: Attack, number: number) => {
    const target = targets[number] ?? targets[0];
    if (target === undefined) throw new Error('an attack needs a target');
    return { attack, ready: await attackers.prepare(attack, target) };
  };
  return Promise.all(attacks.map(prepare));
}

/**
 * Sends SIGTERM while the port is attacked. Then starts the service with all the stored objects, while the
 * port is attacked again.
 */
async function endAndStart(siege: Siege, attacks: readonly Attack[], target: Target): Promise<HostileResult> {
  const { neighbour, victim } = siege;
  const looks: ObservedAttack[] = [];
  await using attackers = await startAttackers(siege.priority);
  const prepared = await prepareAll(attackers, attacks, [target]);
  const restart = async (): Promise<Outcome> => {
    const attacking = prepared.map(({ attack, ready }) => ({ attack, answers: ready.begin(ATTACK_MS) }));
    await sleep(AFTERMATH_MS);
    looks.push(await look(siege));
    const stoppedAt = performance.now();
    const stopped = await victim.stop();
    const endMs = performance.now() - stoppedAt;
    const startedAt = performance.now();
    await victim.start();
    const readyMs = performance.now() - startedAt;
    // Requests while no service ran do not count.
    neighbour.forget();
    const missed = await Promise.all(
      attacking.map(async ({ attack, answers }) => missing(attack, await answers)),
    );
    // The attacks take connections from each other, and the end of the process takes those that are just
    // being opened: one attack has to get through.
    const isAttacked = missed.some(({ harms, gaps }) => harms.length + gaps.length === 0);
    return {
      answers: `ended after ${(endMs / 1000).toFixed(1)} s, ready again after ${(readyMs / 1000).toFixed(1)} s`,
      harms: isAttacked ? stopped : [...stopped, ...missed.flatMap(({ harms }) => harms)],
      gaps: isAttacked ? [] : missed.flatMap(({ gaps }) => gaps),
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
    latestMs: most(({ latestMs }) => latestMs),
    latest: looks.toSorted((a, b) => b.latestMs - a.latestMs)[0]?.latest ?? '',
    harms: looks.flatMap((one) => one.harms),
    gaps: looks.flatMap((one) => one.gaps),
  };
}
