import type { Violation } from './case-file.ts';
import type { Ground } from './ground.ts';

/** One fault: something harmful is done, and the service must recover from it. */
export interface Fault {
  /** For --only and as the key in the JSON: words in kebab case. */
  readonly name: string;
  /** A description of the harm. */
  readonly title: string;
  /** Whether other faults can run at the same time: it only harms its own namespace. */
  readonly isLocal: boolean;
  /** Runs after all others, as it changes the conditions for the next ones. */
  readonly isLast?: true;
  /** How often it runs; 0 in the short form leaves it out. */
  readonly tries: { readonly short: number; readonly full: number };
  /**
   * Runs it once, in a namespace of its own. If it throws, that is a violation: a recovery was too late.
   * Afterwards the invariants are judged, from everything that the observer saw.
   */
  readonly play: (ground: Ground) => Promise<void>;
}

/** For a fault that harms more than its own namespace. */
export const ALONE = { isLocal: false } as const;

/** The result of one fault, over all its runs. */
export interface FaultResult {
  readonly name: string;
  readonly title: string;
  readonly tries: number;
  /** Total time of all runs, with setup and recovery. */
  readonly seconds: number;
  readonly violations: readonly Violation[];
  /** Milliseconds until everything was well again, one number for each recovery. */
  readonly recoveries: readonly number[];
  readonly notes: readonly string[];
}
