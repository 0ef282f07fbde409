import { setTimeout as sleep } from 'node:timers/promises';
import type { BareClient } from './bare-client.ts';
import { createMany } from './many-jwts.ts';
import type { MeasuredService } from './measured-service.ts';

/** Number of JWTs that live for one or two minutes. */
export const SHORT = 500;

/** The longest time between two renewals of each, in seconds: half of their lifetimes, without jitter. */
const PERIODS = [30, 60] as const;

type Nudges = Readonly<Record<string, number>>;

/** How long after their planned times the renewals of short-lived JWTs were done, in numbers of renewals. */
export interface Lateness {
  readonly total: number;
  /** Renewals within a second. */
  readonly inTime: number;
  /** Renewals within a tenth of a second. */
  readonly in100: number;
  /** JWTs with a valid token at the end. */
  readonly ready: number;
}

/** The text of `/metrics`. */
export async function readMetrics(service: MeasuredService): Promise<string> {
  return (await fetch(`http://127.0.0.1:${service.httpPort}/metrics`)).text();
}

/** Number of nudges by result. */
export function readNudges(metrics: string): Nudges {
  const lines = metrics.matchAll(/^jwt_injector_delivery_nudges_total\{result="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, result, count]) => [result, Number(count)]));
}

/**
 * Creates short-lived JWTs and waits. Gives the lateness of their renewals and the results of all nudges,
 * from `/metrics`.
 */
export async function renewOften(
  service: MeasuredService,
  bare: BareClient,
  namespace: string,
  seconds: number,
): Promise<Lateness & { readonly nudges: Nudges }> {
  const begin = await readMetrics(service);
  const spec = (index: number) => ({ expiryTime: { minutes: 1 + (index % 2) }, resignBefore: undefined });
  await createMany(bare, { namespaces: [namespace], count: SHORT, spec });
  await sleep(seconds * 1_000);
  const end = await readMetrics(service);
  return { ...readLateness(begin, end, namespace), nudges: readNudges(end) };
}

/** The difference of two readings of `/metrics`. */
export function readLateness(begin: string, end: string, namespace: string): Lateness {
  const since = (le: string): number => readBucket(end, le) - readBucket(begin, le);
  const ready = new RegExp(`^jwt_injector_token_ready\\{namespace="${namespace}",[^}]*\\} 1$`, 'gm');
  return {
    total: since('+Inf'),
    inTime: since('1'),
    in100: since('0.1'),
    ready: [...end.matchAll(ready)].length,
  };
}

function readBucket(metrics: string, le: string): number {
  const line = `jwt_injector_renewal_lateness_seconds_bucket{le="${le}"} `;
  const at = metrics.indexOf(line);
  return at < 0 ? Number.NaN : Number.parseInt(metrics.slice(at + line.length), 10);
}

/** The minimum number of renewals due in that time; the first of each JWT is one period after its signature. */
export function minRenewals(seconds: number): number {
  const ofOne = PERIODS.map((period) => Math.max(0, Math.floor(seconds / period) - 1));
  return ofOne.reduce((sum, each) => sum + each, 0) * (SHORT / PERIODS.length);
}

/**
 * Whether all JWTs were renewed. Lateness only counts renewals that were done: a JWT that is never renewed
 * again shows only here.
 */
export function keptFresh({ total, ready }: Lateness, seconds: number): boolean {
  return total >= minRenewals(seconds) && ready === SHORT;
}

/** The share of renewals done within a second. */
export function shareOf({ total, inTime }: Pick<Lateness, 'total' | 'inTime'>): number {
  return inTime / total;
}

/** As a percentage, with the number of valid tokens at the end. */
export function formatLateness(late: Lateness): string {
  return `${(shareOf(late) * 100).toFixed(2)} % within 1 s, ${late.ready} of ${SHORT} tokens valid`;
}
