import type { Reason, VerdictFacts, VerifierName } from './facts.ts';

/** The finding of a rule, without the rule's name; `undefined`: nothing. */
export type RuleFinding = Omit<Reason, 'rule'> | undefined;

/** One thing that verifiers look at in the claims. */
export interface ClaimRule {
  /** The verifiers that have this rule. */
  readonly by: readonly VerifierName[];
  readonly says: (facts: VerdictFacts, verifier: VerifierName) => RuleFinding;
}

/** The servers of Pelican. */
export const PELICAN_SERVERS = ['pelican-cache', 'pelican-origin'] as const;
/** All verifiers, in the order of `VERIFIERS`. */
export const ALL_VERIFIERS = ['pelican-client', 'pelicanfs', ...PELICAN_SERVERS, 'xrootd'] as const;

/** The verifier refuses the token. */
export function refusal(message: string, remedy: string): RuleFinding {
  return { refuses: true, message, remedy };
}

/** The verifier accepts the token, or only some of its servers or versions refuse it. */
export function doubt(message: string, remedy: string): RuleFinding {
  return { refuses: false, message, remedy };
}
