import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import type { UserApi } from '../integration/user-api.ts';
import { repeat } from './repeat.ts';

/** Reads the tokens of a namespace again and again. */
export interface TokenWatch {
  /** Descriptions of tokens that were expired, missing or unreadable, since the last call. */
  takeHarms(): readonly string[];
  /**
   * The largest lateness since the last call, in milliseconds, also of a renewal that has not come yet. The
   * time while no service could renew, before `forget` or the end of `recover`, does not count.
   */
  takeLateness(): number;
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

/** The token in a Secret. */
interface HeldToken {
  readonly text: string;
  readonly expiresAtMs: number;
  /** When the API server stored it, in milliseconds since the epoch; whole seconds. */
  readonly storedAtMs: number;
  /** When a look saw it first, by `performance.now()`. */
  readonly seenAt: number;
}
type HeldTokens = ReadonlyMap<string, HeldToken>;

const LOOK_MS = 500; // between two reads
/** A read that takes longer is a harm of its own: the watch sees nothing meanwhile. */
const READ_WITHIN_MS = 10_000;
/** Half of the minute for which the neighbour's tokens live: they are due this long before they expire. */
const RENEWED_BEFORE_MS = 30_000;
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
  let latenessMs = 0;
  /** A token that was due earlier counts as due at this time. */
  let forgivenAtMs = 0;

  const readTokens = async (): Promise<void> => {
    const askedAt = Date.now();
    const { status, body } = await api.ask('GET', path, undefined, AbortSignal.timeout(READ_WITHIN_MS));
    if (status !== 200) throw new Error(`${status} ${String(body.message).slice(0, 160)}`);
    const before = held;
    held = findTokens(body.items ?? [], jwts, before);
    for (const [name, { text, expiresAtMs }] of before) {
      const token = held.get(name);
      if (token === undefined || mayBeExpired) continue;
      const due = Math.max(expiresAtMs - RENEWED_BEFORE_MS, forgivenAtMs);
      const renewedAt = token.text === text ? askedAt : token.storedAtMs;
      latenessMs = Math.max(latenessMs, renewedAt - due);
    }
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
    latenessMs = 0;
    forgivenAtMs = Date.now();
  };
  await waitUntil('the first tokens', READY_WITHIN_MS, async () => {
    await readTokens();
    return held.size === jwts.length;
  });
  let looking: Promise<void> = Promise.resolve();
  const stop = repeat(() => {
    looking = look();
    return looking;
  }, LOOK_MS);
  return {
    takeHarms: () => {
      const taken = [...harms];
      harms.clear();
      return taken;
    },
    takeLateness: () => {
      const taken = latenessMs;
      latenessMs = 0;
      return taken;
    },
    forget,
    settle: () => looking,
    recover: async (since, withinMs) => {
      forget();
      mayBeExpired = true;
      const deadline = performance.now() + withinMs;
      // A token that was stored just before can be seen first afterwards; within one second the order is unknown.
      const sinceSecondMs = Math.floor((Date.now() - (performance.now() - since)) / 1_000) * 1_000;
      const isNew = ({ storedAtMs, seenAt }: HeldToken): boolean =>
        storedAtMs >= sinceSecondMs && seenAt > since;
      const isRenewed = (): boolean => [...held.values()].some(isNew);
      const isWell = (): boolean => isRenewed() && expiredAt(Date.now(), held).length === 0;
      while (!isWell() && performance.now() < deadline) await sleep(LOOK_MS);
      mayBeExpired = false;
      forgivenAtMs = Date.now();
      if (!isRenewed()) harms.add(`no token was renewed within ${withinMs / 1000} s of a new start`);
    },
    stop,
  };
}

/** The tokens in the Secrets of these JWTs. A token that was held before keeps its time. */
function findTokens(secrets: readonly Loose[], jwts: readonly string[], before: HeldTokens): HeldTokens {
  const held = secrets.filter(
    ({ metadata, data }) => jwts.includes(metadata.name) && data?.token !== undefined,
  );
  return new Map(
    held.map(({ metadata: { name, managedFields }, data }) => {
      const text = Buffer.from(data.token, 'base64').toString();
      const known = before.get(name);
      if (known?.text === text) return [name, known];
      const storedAtMs = readStoring(managedFields) ?? Date.now();
      return [name, { text, expiresAtMs: readExpiry(text), storedAtMs, seenAt: performance.now() }];
    }),
  );
}

/** The time of the service's last write, as the API server noted it. */
function readStoring(managedFields: readonly Loose[] | undefined): number | undefined {
  const entry = managedFields?.find(({ manager }) => manager === 'jwt-injector');
  return entry === undefined ? undefined : Date.parse(entry.time);
}

function readExpiry(token: string): number {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).exp * 1000;
}

/** The names of the Secrets whose token had expired at `time`, in milliseconds since the epoch. */
function expiredAt(time: number, held: HeldTokens): readonly string[] {
  return [...held].filter(([, { expiresAtMs }]) => expiresAtMs < time).map(([name]) => name);
}
