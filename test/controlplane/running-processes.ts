import { isRunning } from './process-identity.ts';
import { waitUntil } from './wait-until.ts';

const GONE_WITHIN_MS = 60_000; // some milliseconds are usual

/** Resolves when none of the processes runs any more. Throws after a minute. */
export async function waitUntilGone(pids: readonly number[]): Promise<void> {
  await waitUntil(`the processes ${pids.join(', ')} to be gone`, GONE_WITHIN_MS, () => !pids.some(isRunning));
}
