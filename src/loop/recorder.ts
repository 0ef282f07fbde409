import type { ObjectName } from '../resources/object-key.ts';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { SignatureCause, StateReason } from '../resources/reasons.ts';
import type { RecordedCondition } from '../resources/recorded-status.ts';
import type { Seconds } from '../time/units.ts';

/** The JWT that an entry is about. */
export interface Subject extends ObjectName {
  readonly uid: string;
}

/** The subject of an entry about this JWT. */
export function subjectOf({ namespace, name, uid }: Subject): Subject {
  return { namespace, name, uid };
}

/** A token that was signed and written. Times in seconds since the epoch. */
export interface SignedEntry extends Subject {
  readonly cause: SignatureCause;
  readonly algorithm: AlgorithmName;
  readonly keyId: string;
  readonly tokenId: string;
  readonly expiresAt: Seconds;
  /** Seconds that making and checking the signature took. */
  readonly duration: Seconds;
  /** Seconds after the planned moment, for scheduled renewals, those included that came after the expiry. */
  readonly lateness: Seconds | undefined;
}

/**
 * The reports of the loop to the outside: log lines, metrics and Kubernetes Events are made of it. Nothing here carries a key or
 * a token. Methods return at once and never throw.
 */
export interface Recorder {
  signed(entry: SignedEntry): void;
  /** The Secret's metadata was written again, with the same token. */
  repaired(subject: Subject): void;
  /** The JWT was taken off the owners of its Secret, which may hold no token. */
  disowned(subject: Subject): void;
  /**
   * A condition of the JWT changed its status or reason, or its cause came once more; `condition` as stored, `isFirst` when there
   * was none before.
   */
  conditionChanged(subject: Subject, condition: RecordedCondition, isFirst: boolean): void;
  /** A condition of the JWT that is there only while it says something is gone; `before` as it was stored. */
  conditionEnded(subject: Subject, before: RecordedCondition): void;
  /** A round ended without what it was for; it is made again at `nextAttemptAt` (seconds since the epoch). */
  failed(subject: Subject, reason: StateReason, message: string, nextAttemptAt: Seconds): void;
}
