import type { Loose } from '../integration/objects.ts';

/** The renewal that was late most. */
export interface Lateness {
  readonly latestMs: number;
  /** Its token and the time, `token-3 at 13:02:05Z`; empty if none was late. */
  readonly latest: string;
}

/** One read of the Secrets. */
export interface Look {
  /** The read gave these Secrets. */
  end(secrets: readonly Loose[]): void;
  /** The read failed: a gap. */
  fail(words: string): void;
}

/**
 * What reads of Secrets say about the tokens of a namespace. All times are in milliseconds since the epoch,
 * those of expiry and storing in whole seconds.
 */
export interface TokenRecord {
  /** To be called just before the read. `forget` makes it report to nobody. */
  beginLook(): Look;
  /** The number of tokens that the last look saw. */
  count(): number;
  /** Descriptions of tokens that were expired or missing, since the last call. */
  takeHarms(): readonly string[];
  /** Descriptions of times in which nobody saw the tokens, since the last call: not the fault of the service. */
  takeGaps(): readonly string[];
  /** The largest lateness since the last call, also of a renewal that has not come yet. */
  takeLateness(): Lateness;
  /** Forgets everything so far; a token that was due earlier counts as due now. */
  forget(): void;
  /** As `forget`, and until `resume` no token is late, or expired. */
  suspend(): void;
  resume(): void;
  addHarm(words: string): void;
  /** A token was stored since that second, and first seen after `sinceMs`. */
  isRenewedSince(sinceMs: number): boolean;
  hasExpired(): boolean;
}

/** The token in a Secret. */
interface HeldToken {
  readonly text: string;
  readonly expiresAtMs: number;
  /** When the API server stored it. */
  readonly storedAtMs: number;
  /** When a look saw it first. */
  readonly foundAtMs: number;
}
type HeldTokens = ReadonlyMap<string, HeldToken>;

/** What was found since the last call. */
interface Findings {
  /** By what they are about: of one token only the last one counts. */
  readonly harms: Map<string, string>;
  readonly gaps: Set<string>;
}

const NONE: Lateness = { latestMs: 0, latest: '' };
/** Half of the minute for which the neighbour's tokens live: they are due this long before they expire. */
const RENEWED_BEFORE_MS = 30_000;
/**
 * After a longer time without a look, a whole token may have come and gone: the present one does not show
 * when the one before was renewed. Longer than two of the slowest reads.
 */
const GAP_MS = 25_000;

const startFinding = (): Findings => ({ harms: new Map(), gaps: new Set() });

/** A record of the tokens of these JWTs. */
export function createTokenRecord(jwts: readonly string[], now: () => number = Date.now): TokenRecord {
  let held: HeldTokens = new Map();
  /** `forget` replaces it: then the results of a running look go to one that nobody reads. */
  let found = startFinding();
  let lateness = NONE;
  let isSuspended = false;
  let forgivenAtMs = 0;
  let seenAtMs = now();

  /** Compares the tokens with those of the look before. */
  const compare = (before: HeldTokens, askedAtMs: number, isAfterGap: boolean, { harms }: Findings): void => {
    for (const [name, { text, expiresAtMs }] of before) {
      const token = held.get(name);
      if (token === undefined) continue;
      const isNew = token.text !== text;
      if (isNew && isAfterGap) continue;
      const renewedAtMs = isNew ? token.storedAtMs : askedAtMs;
      const lateMs = renewedAtMs - Math.max(expiresAtMs - RENEWED_BEFORE_MS, forgivenAtMs);
      if (lateMs > lateness.latestMs) lateness = { latestMs: lateMs, latest: describe(name, renewedAtMs) };
      // A token can expire, and be replaced, between two looks.
      const expiredMs = renewedAtMs - Math.max(expiresAtMs, forgivenAtMs);
      if (isNew && expiredMs > 0)
        harms.set(name, `${name} held an expired token for ${describeTime(expiredMs)}`);
    }
  };
  const see = (secrets: readonly Loose[], askedAtMs: number, own: Findings): void => {
    const before = held;
    held = findTokens(secrets, jwts, before, now());
    if (held.size < jwts.length)
      own.harms.set('missing', `${jwts.length - held.size} of ${jwts.length} Secrets have no token`);
    const gapMs = now() - seenAtMs;
    seenAtMs = askedAtMs;
    const isAfterGap = gapMs > GAP_MS;
    if (isAfterGap) own.gaps.add(`nobody saw the tokens for ${describeTime(gapMs)}`);
    if (isSuspended) return;
    for (const name of expiredAt(askedAtMs, held)) own.harms.set(name, `${name} held an expired token`);
    compare(before, askedAtMs, isAfterGap, own);
  };
  const beginLook = (): Look => {
    const own = found;
    const askedAtMs = now(); // the answer can be late, and describe a later state
    return {
      end: (secrets) => see(secrets, askedAtMs, own),
      fail: (words) => void own.gaps.add(words),
    };
  };
  const forget = (): void => {
    found = startFinding();
    lateness = NONE;
    forgivenAtMs = now();
  };
  return {
    beginLook,
    count: () => held.size,
    takeHarms: () => {
      const taken = [...found.harms.values()];
      found.harms.clear();
      return taken;
    },
    takeGaps: () => {
      const taken = [...found.gaps];
      found.gaps.clear();
      return taken;
    },
    takeLateness: () => {
      const taken = lateness;
      lateness = NONE;
      return taken;
    },
    forget,
    suspend: () => {
      forget();
      isSuspended = true;
    },
    resume: () => {
      isSuspended = false;
      forgivenAtMs = now();
    },
    addHarm: (words) => void found.harms.set(words, words),
    isRenewedSince: (sinceMs) => {
      // A token that was stored just before can be seen first afterwards; within one second the order is unknown.
      const sinceSecondMs = Math.floor(sinceMs / 1_000) * 1_000;
      return [...held.values()].some(
        ({ storedAtMs, foundAtMs }) => storedAtMs >= sinceSecondMs && foundAtMs > sinceMs,
      );
    },
    hasExpired: () => expiredAt(now(), held).length > 0,
  };
}

function describe(name: string, timeMs: number): string {
  return `${name} at ${new Date(timeMs).toISOString().slice(11, 19)}Z`;
}

function describeTime(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** The tokens in the Secrets of these JWTs. A token that was held before keeps its time. */
function findTokens(
  secrets: readonly Loose[],
  jwts: readonly string[],
  before: HeldTokens,
  nowMs: number,
): HeldTokens {
  const held = secrets.filter(
    ({ metadata, data }) => jwts.includes(metadata.name) && data?.token !== undefined,
  );
  return new Map(
    held.map(({ metadata: { name, managedFields }, data }) => {
      const text = Buffer.from(data.token, 'base64').toString();
      const known = before.get(name);
      if (known?.text === text) return [name, known];
      const storedAtMs = readStoring(managedFields) ?? nowMs;
      return [name, { text, expiresAtMs: readExpiry(text), storedAtMs, foundAtMs: nowMs }];
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

/** The names of the Secrets whose token had expired at `time`. */
function expiredAt(time: number, held: HeldTokens): readonly string[] {
  return [...held].filter(([, { expiresAtMs }]) => expiresAtMs < time).map(([name]) => name);
}
