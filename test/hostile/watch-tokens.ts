import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import type { UserApi } from '../integration/user-api.ts';
import { repeat } from './repeat.ts';

/** Reads the tokens of a namespace again and again. */
export interface TokenWatch {
  /** Descriptions of tokens that were expired, missing or unreadable, since the last call. */
  takeHarms(): readonly string[];
  /** Forgets everything so far, also the result of a running request. */
  forget(): void;
  /**
   * For a service that is ready again and whose start began at `since` (`performance.now()`). As `forget`,
   * but also waits, at most `withinMs`, for new tokens in the place of expired ones. It is a harm if they do
   * not come.
   */
  recover(since: number, withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** The token in a Secret. */
interface HeldToken {
  readonly text: string;
  readonly expiresAtMs: number;
  /** The time of the first read that showed it, by `performance.now()`. */
  readonly since: number;
}
type HeldTokens = ReadonlyMap<string, HeldToken>;

const LOOK_MS = 500; // between two reads
const READY_WITHIN_MS = 30_000;

/** Resolves when the JWTs of the namespace have their first tokens; `jwts` has the names of all of them. */
export async function watchTokens(
  api: UserApi,
  namespace: string,
  jwts: readonly string[],
): Promise<TokenWatch> {
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  let held: HeldTokens = new Map();
  /** `forget` replaces it: then the results of a running look go to one that nobody reads. */
  let harms = new Set<string>();
  let mayBeExpired = false;

  const readTokens = async (): Promise<void> => {
    const { status, body } = await api.ask('GET', path);
    if (status !== 200) throw new Error(`${status} ${String(body.message).slice(0, 160)}`);
    held = findTokens(body.items ?? [], jwts, held);
  };
  const look = async (): Promise<void> => {
    const own = harms;
    const askedAt = Date.now(); // the answer can be late, and describe a later state
    try {
      await readTokens();
      if (held.size < jwts.length)
        own.add(`${jwts.length - held.size} of ${jwts.length} Secrets have no token`);
      if (!mayBeExpired)
        for (const name of expiredAt(askedAt, held)) own.add(`${name} held an expired token`);
    } catch (error) {
      own.add(`Secrets could not be read: ${String(error).slice(0, 120)}`);
    }
  };
  const forget = (): void => {
    harms = new Set();
  };
  await waitUntil('the first tokens', READY_WITHIN_MS, async () => {
    await readTokens();
    return held.size === jwts.length;
  });
  return {
    takeHarms: () => {
      const taken = [...harms];
      harms.clear();
      return taken;
    },
    forget,
    recover: async (since, withinMs) => {
      forget();
      mayBeExpired = true;
      const deadline = performance.now() + withinMs;
      const isRenewed = (): boolean => [...held.values()].some((token) => token.since >= since);
      const isWell = (): boolean => isRenewed() && expiredAt(Date.now(), held).length === 0;
      while (!isWell() && performance.now() < deadline) await sleep(LOOK_MS);
      mayBeExpired = false;
      if (!isRenewed()) harms.add(`no token was renewed within ${withinMs / 1000} s of a new start`);
    },
    stop: repeat(look, LOOK_MS),
  };
}

/** The tokens in the Secrets of these JWTs. A token that was held before keeps its time. */
function findTokens(secrets: readonly Loose[], jwts: readonly string[], before: HeldTokens): HeldTokens {
  const now = performance.now();
  const held = secrets.filter(
    ({ metadata, data }) => jwts.includes(metadata.name) && data?.token !== undefined,
  );
  return new Map(
    held.map(({ metadata: { name }, data }) => {
      const text = Buffer.from(data.token, 'base64').toString();
      const known = before.get(name);
      return [name, known?.text === text ? known : { text, expiresAtMs: readExpiry(text), since: now }];
    }),
  );
}

function readExpiry(token: string): number {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).exp * 1000;
}

/** The names of the Secrets whose token had expired at `time`, in milliseconds since the epoch. */
function expiredAt(time: number, held: HeldTokens): readonly string[] {
  return [...held].filter(([, { expiresAtMs }]) => expiresAtMs < time).map(([name]) => name);
}
