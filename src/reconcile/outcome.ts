import type { StateProblem } from '../resources/problem.ts';
import type { Claims } from '../signing/claims.ts';
import type { Seconds } from '../time/units.ts';
import type { Contenders } from './contention.ts';

/** The result of a round, besides the facts that it observed. Times in seconds since the epoch. */
export interface Outcome {
  /** The token that is signed and written in this round. */
  readonly signed?: { readonly claims: Claims; readonly issuedAt: Seconds };
  /** Why no new token could be signed, or the Secret not be written. */
  readonly problem?: StateProblem;
  /** When a failed attempt is made again, or what waits because of others is done. */
  readonly nextAttemptAt?: Seconds;
  /** The Secret has to be written again and again: who makes it so. */
  readonly contenders?: Contenders;
}
