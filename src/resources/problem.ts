import type { StateReason } from './reasons.ts';

/**
 * Why a JWT cannot be served as it stands. `message` is for its author: what, where and the remedy;
 * it never holds key or token material.
 */
export interface StateProblem {
  readonly reason: StateReason;
  readonly message: string;
}
