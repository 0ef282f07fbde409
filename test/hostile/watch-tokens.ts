import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { UserApi } from '../integration/user-api.ts';
import { repeat } from './repeat.ts';
import { createTokenRecord, type Lateness } from './token-record.ts';

/** Reads the tokens of a namespace again and again. */
export interface TokenWatch {
  /** Descriptions of tokens that were expired or missing, since the last call. */
  takeHarms(): readonly string[];
  /** Descriptions of times in which nobody saw the tokens, since the last call. */
  takeGaps(): readonly string[];
  /**
   * The largest lateness since the last call, also of a renewal that has not come yet. The time while no
   * service could renew, before `forget` or the end of `recover`, does not count.
   */
  takeLateness(): Lateness;
  /** Forgets everything so far, also the result of a running request. */
  forget(): void;
  /**
   * For a service that is ready again and whose start began at `since` (`performance.now()`). As `forget`,
   * but also waits, at most `withinMs`, for new tokens in the place of expired ones. It is a harm if they do
   * not come.
   */
  recover(since: number, withinMs: number): Promise<void>;
  /** Resolves when the running read is over: then its results are known. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_MS = 500; // between two reads
/** A read that takes longer is given up, and a gap: the watch sees nothing meanwhile. */
const READ_WITHIN_MS = 10_000;
const READY_WITHIN_MS = 30_000;

/** Resolves when the JWTs of the namespace have their first tokens; `jwts` has the names of all of them. */
export async function watchTokens(
  api: UserApi,
  namespace: string,
  jwts: readonly string[],
): Promise<TokenWatch> {
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  const record = createTokenRecord(jwts);
  const look = async (): Promise<void> => {
    const begun = record.beginLook();
    try {
      const { status, body } = await api.ask('GET', path, undefined, AbortSignal.timeout(READ_WITHIN_MS));
      if (status !== 200) throw new Error(`${status} ${String(body.message).slice(0, 160)}`);
      begun.end(body.items ?? []);
    } catch (error) {
      begun.fail(`Secrets could not be read: ${String(error).slice(0, 120)}`);
    }
  };
  await waitUntil('the first tokens', READY_WITHIN_MS, async () => {
    await look();
    return record.count() === jwts.length;
  });
  record.forget();
  let looking: Promise<void> = Promise.resolve();
  const stop = repeat(() => {
    looking = look();
    return looking;
  }, LOOK_MS);
  return {
    takeHarms: () => record.takeHarms(),
    takeGaps: () => record.takeGaps(),
    takeLateness: () => record.takeLateness(),
    forget: () => record.forget(),
    settle: () => looking,
    recover: async (since, withinMs) => {
      record.suspend();
      const deadline = performance.now() + withinMs;
      const sinceMs = Date.now() - (performance.now() - since);
      const isWell = (): boolean => record.isRenewedSince(sinceMs) && !record.hasExpired();
      while (!isWell() && performance.now() < deadline) await sleep(LOOK_MS);
      record.resume();
      if (!record.isRenewedSince(sinceMs))
        record.addHarm(`no token was renewed within ${withinMs / 1000} s of a new start`);
    },
    stop,
  };
}
