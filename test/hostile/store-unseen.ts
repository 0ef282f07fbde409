import type { Attack, Target } from './attack.ts';
import { launchAlone, observe, type HostileResult, type Observed } from './observe.ts';

/** Tokens that expired while no service ran are renewed within this time after it is ready. */
const RENEWED_WITHIN_MS = 30_000;

/**
 * Stores objects that the webhook would refuse while it is down; they exist when the service starts. Failures
 * of pods and tokens while there is no service do not count; those of pods count again from the moment when
 * it is ready.
 */
export function storeUnseen(siege: Observed, attack: Attack, target: Target): Promise<HostileResult> {
  const { neighbour, victim } = siege;
  const row = { name: `${attack.name}-unseen`, title: `${attack.title}, unseen; a new start` };
  return observe(siege, row, async () => {
    const stopped = await victim.stop();
    const { answers, harms, gaps } = await launchAlone(siege, attack, target);
    const startedAt = performance.now();
    await victim.start();
    await neighbour.recover(startedAt, RENEWED_WITHIN_MS);
    return { answers, harms: [...stopped, ...harms], gaps };
  });
}
