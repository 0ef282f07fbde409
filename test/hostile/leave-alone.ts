import { waitUntil } from '../controlplane/wait-until.ts';
import type { Neighbour } from './neighbour.ts';
import { ANSWER_MS } from './observe.ts';
import type { Ring } from './ring.ts';

/** A lease of 15 s, and half a minute until the next token is due. */
const TAKEN_OVER_WITHIN_MS = 60_000;

/**
 * Ends the first container of the pod: only the fallback webhook is left, and another pod keeps its tokens fresh.
 * Resolves when the neighbour gets pods with their token again.
 */
export async function leaveAlone(
  { main, fallback, otherLeader }: Pick<Ring, 'main' | 'fallback' | 'otherLeader'>,
  neighbour: Neighbour,
): Promise<void> {
  await otherLeader.start();
  await fallback.start();
  const killedAt = performance.now();
  await main.kill();
  // The review that was being answered ended with it, and does not count; nor do renewals until the other
  // leader has the lease, which was not given back.
  await neighbour.recover(killedAt, TAKEN_OVER_WITHIN_MS);
  await waitUntil('a pod by way of the fallback', ANSWER_MS, () => {
    const { injected, harms } = neighbour.takeExperience();
    return injected > 0 && harms.length === 0;
  });
}
