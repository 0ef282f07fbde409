import type { Attack, Target } from './attack.ts';
import { launchAlone, observe, type HostileResult, type Observed } from './observe.ts';

/** What expired while no service ran is signed within this time of its being ready. */
const RENEWED_WITHIN_MS = 30_000;

/**
 * What the webhook would refuse is stored while it is down, and is there when the service starts. What pods and tokens meet
 * while there is no service does not count; from the moment when it is ready, what pods meet does.
 */
export function storeUnseen(siege: Observed, attack: Attack, target: Target): Promise<HostileResult> {
  const { neighbour, victim } = siege;
  const row = { name: `${attack.name}-unseen`, title: `${attack.title}, unseen; a new start` };
  return observe(siege, row, async () => {
    const stopped = await victim.stop();
    const { answers, harms } = await launchAlone(attack, target);
    const startedAt = performance.now();
    await victim.start();
    await neighbour.recover(startedAt, RENEWED_WITHIN_MS);
    return { answers, harms: [...stopped, ...harms] };
  });
}
