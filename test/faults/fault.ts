import type { Violation } from './case-file.ts';
import type { Ground } from './ground.ts';

/** One fault: what is done, and that what must hold does. */
export interface Fault {
  /** For --only and as the key in the JSON: kebab-case words. */
  readonly name: string;
  /** What is done, in words. */
  readonly title: string;
  /** Whether others may be played at the same time: it harms its own namespace alone. */
  readonly isLocal: boolean;
  /** Played after all others: what comes after it would not be the same. */
  readonly isLast?: true;
  /** How often it is played; 0 in the short form leaves it out. */
  readonly tries: { readonly short: number; readonly full: number };
  /**
   * Plays it once, in a namespace of its own. What it throws is a violation: something did not come about in time.
   * The invariants are judged afterwards, from all that the observer saw.
   */
  readonly play: (ground: Ground) => Promise<void>;
}

/** Of a fault that harms more than its own namespace. */
export const ALONE = { isLocal: false } as const;

/** What came out of one fault, all its tries together. */
export interface FaultResult {
  readonly name: string;
  readonly title: string;
  readonly tries: number;
  /** Of all tries, with what comes before and after the harm. */
  readonly seconds: number;
  readonly violations: readonly Violation[];
  /** Milliseconds until all was well again, one for each thing that was waited for. */
  readonly recoveries: readonly number[];
  readonly notes: readonly string[];
}
