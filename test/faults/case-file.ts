import type { KeyObject } from 'node:crypto';
import type { Loose } from '../integration/objects.ts';
import type { Sighting } from './observer.ts';

/** The invariants of the quality page that faults may break. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'recovery';

export interface Violation {
  readonly invariant: Invariant;
  /** What was seen, without any token or key. */
  readonly what: string;
}

/** A time from which on something counts; times in milliseconds since the epoch. */
export interface Since {
  readonly from: number;
}

/** The public half of what the JWT is to be signed with. */
export interface KeyRecord extends Since {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** What the JWT asks for. Durations in seconds. */
export interface SpecRecord extends Since {
  readonly keyId: string;
  readonly algorithm: string;
  readonly issuer: string;
  readonly data: Loose;
  readonly lifetime: number;
  readonly resignBefore: number;
}

/** A time in which no valid token can be asked for: it was taken away, or signing is impossible. */
export interface Excuse extends Since {
  until: number;
}

/** Adds an excuse that ends when the returned function is called. */
export function beginExcuse(excuses: Excuse[]): () => void {
  const excuse: Excuse = { from: Date.now(), until: Number.POSITIVE_INFINITY };
  excuses.push(excuse);
  return () => {
    if (excuse.until === Number.POSITIVE_INFINITY) excuse.until = Date.now();
  };
}

/** Everything that is known about one JWT of a fault, for the judge. */
export interface CaseFile {
  readonly name: string;
  /** Of the JWT and of its Secret, in the order of their coming. */
  readonly sightings: readonly Sighting[];
  readonly keys: readonly KeyRecord[];
  readonly specs: readonly SpecRecord[];
  readonly excuses: readonly Excuse[];
  /** How many writes were given a cause, scheduled renewals left out. */
  readonly causes: number;
  /** resourceVersions of what the suite itself stored. */
  readonly foreign: ReadonlySet<string>;
  /** resourceVersions of what the proxies saw the service store. */
  readonly ours: ReadonlySet<string>;
  /** When the fault was over. */
  readonly endedAt: number;
}

/** The record that counts at a time. */
export function recordAt<T extends Since>(records: readonly T[], at: number): T | undefined {
  return records.findLast((record) => record.from <= at) ?? records[0];
}
