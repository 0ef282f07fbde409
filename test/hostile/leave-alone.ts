import { waitUntil } from '../controlplane/wait-until.ts';
import type { Neighbour } from './neighbour.ts';
import { ANSWER_MS } from './observe.ts';
import type { Ring } from './ring.ts';

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
  await main.kill();
  // The review that was being answered ended with it, and does not count.
  neighbour.forget();
  await waitUntil('a pod by way of the fallback', ANSWER_MS, () => {
    const { injected, harms } = neighbour.takeExperience();
    return injected > 0 && harms.length === 0;
  });
}
