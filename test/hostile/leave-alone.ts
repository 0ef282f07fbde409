import { setTimeout as sleep } from 'node:timers/promises';
import type { Neighbour } from './neighbour.ts';
import { ANSWER_MS, observe, type HostileResult } from './observe.ts';
import type { Ring } from './ring.ts';

/** A lease of 15 s, and half a minute until the next token is due. */
const TAKEN_OVER_WITHIN_MS = 60_000;
const LOOK_MS = 25;

/**
 * Ends the first container of the pod: only the fallback webhook is left, and another pod keeps its tokens
 * fresh. New pods have to get their token from it at once; harm after the first one counts for this row.
 */
export function leaveAlone(
  { main, fallback, otherLeader }: Pick<Ring, 'main' | 'fallback' | 'otherLeader'>,
  neighbour: Neighbour,
): Promise<HostileResult> {
  const row = { name: 'alone', title: 'the first container ends' };
  return observe({ neighbour, victim: fallback, prefix: 'fallback: ' }, row, async () => {
    await otherLeader.start();
    await fallback.start();
    const { harms, gaps } = neighbour.takeExperience();
    const killedAt = performance.now();
    await main.kill();
    // Renewals do not count until the other leader has the lease, which was not given back; nor does the
    // review that was being answered, which ended with the container.
    const recovered = neighbour.recover(killedAt, TAKEN_OVER_WITHIN_MS);
    const isAnswered = await waitForPod(neighbour);
    const answers = `a pod after ${((performance.now() - killedAt) / 1000).toFixed(1)} s`;
    await recovered;
    const late = `no pod was created with its token within ${ANSWER_MS / 1000} s`;
    return { answers, harms: isAnswered ? harms : [...harms, late], gaps };
  });
}

/** Whether a pod is created with its token in time. Takes the experience until then. */
async function waitForPod(neighbour: Neighbour): Promise<boolean> {
  const deadline = performance.now() + ANSWER_MS;
  while (performance.now() < deadline) {
    if (neighbour.takeExperience().injected > 0) return true;
    await sleep(LOOK_MS);
  }
  return false;
}
