import { isRunning } from './process-identity.ts';
import { waitUntil } from './wait-until.ts';

/** Resolves when none of the processes runs any more. Throws after 10 s. */
export async function waitUntilGone(pids: readonly number[]): Promise<void> {
  await waitUntil(`the processes ${pids.join(', ')} to be gone`, 10_000, () => !pids.some(isRunning));
}
