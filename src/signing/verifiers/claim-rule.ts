import type { VerdictFacts, VerifierName } from './facts.ts';

/** What a rule says of a token, without the words that make it a `Reason`; by default it refuses. */
export type RuleFinding = readonly [message: string, remedy: string, refuses?: boolean] | undefined;

/** One thing that verifiers look at in the claims. */
export interface ClaimRule {
  /** Who looks. */
  readonly by: readonly VerifierName[];
  readonly says: (facts: VerdictFacts, verifier: VerifierName) => RuleFinding;
}

/** The servers of Pelican. */
export const PELICAN_SERVERS = ['pelican-cache', 'pelican-origin'] as const;
/** In the order of `VERIFIERS`. */
export const ALL_VERIFIERS = ['pelican-client', 'pelicanfs', ...PELICAN_SERVERS, 'xrootd'] as const;
/** Marks a finding that only some servers, or some versions, refuse for. */
export const WARNS = false;
