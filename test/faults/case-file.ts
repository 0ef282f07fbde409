import type { KeyObject } from 'node:crypto';
import type { Loose } from '../integration/objects.ts';
import type { Sighting } from './observer.ts';

/** The invariants of the quality page that faults can break. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'recovery';

export interface Violation {
  readonly invariant: Invariant;
  /** A description without any token or key. */
  readonly what: string;
}

/** A time from which a value is valid; times in milliseconds since the epoch. */
export interface Since {
  readonly from: number;
}

/** The public half of the key that the JWT must be signed with. */
export interface KeyRecord extends Since {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** The settings in the JWT's spec. Durations in seconds. */
export interface SpecRecord extends Since {
  readonly keyId: string;
  readonly algorithm: string;
  readonly issuer: string;
  readonly data: Loose;
  readonly lifetime: number;
  readonly resignBefore: number;
}

/** A time in which a valid token cannot be expected: it was removed, or signing is impossible. */
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

/** The case file: everything that is known about one JWT of a fault, for the judge. */
export interface CaseFile {
  readonly name: string;
  /** States of the JWT and of its Secret, in the order in which they were reported. */
  readonly sightings: readonly Sighting[];
  readonly keys: readonly KeyRecord[];
  readonly specs: readonly SpecRecord[];
  readonly excuses: readonly Excuse[];
  /** Times in which nothing could be written, whatever the service did; also because nobody led. */
  readonly pauses: readonly Excuse[];
  /** The pauses in which the API server was away or slow, or the machine too busy. */
  readonly stalls: readonly Excuse[];
  /** The number of writes that are allowed, scheduled renewals excluded. */
  readonly causes: number;
  /** The number of statuses that are allowed beside the first one of each token. */
  readonly statuses: number;
  /** resourceVersions of objects that the test suite itself stored. */
  readonly foreign: ReadonlySet<string>;
  /** resourceVersions of objects that the service stored, as the proxies saw them. */
  readonly ours: ReadonlySet<string>;
  /** Time at which the fault was over. */
  readonly endedAt: number;
}

/** The record that is valid at a time. */
export function recordAt<T extends Since>(records: readonly T[], at: number): T | undefined {
  return records.findLast((record) => record.from <= at) ?? records[0];
}

/** The longest part of a time (ms) that no excuse covers. */
export function uncover(time: Readonly<Excuse>, { excuses }: Pick<CaseFile, 'excuses'>): number {
  return Math.max(0, ...withoutExcuses(time, excuses).map(({ from, until }) => until - from));
}

/** How much of a time (ms) excuses cover. */
export function sumCovered(time: Readonly<Excuse>, excuses: readonly Excuse[]): number {
  const parts = withoutExcuses(time, excuses);
  return parts.reduce((left, { from, until }) => left - (until - from), time.until - time.from);
}

/** The parts of a time that no excuse covers. */
function withoutExcuses(time: Readonly<Excuse>, excuses: readonly Excuse[]): readonly Readonly<Excuse>[] {
  let parts: readonly Readonly<Excuse>[] = [time];
  for (const excuse of excuses) {
    parts = parts.flatMap(({ from, until }) =>
      [
        { from, until: Math.min(until, excuse.from) },
        { from: Math.max(from, excuse.until), until },
      ].filter((part) => part.until > part.from),
    );
  }
  return parts;
}
