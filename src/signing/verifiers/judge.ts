import { judgeClaimsFor } from './claim-rules.ts';
import { VERIFIERS, type Reason, type VerdictFacts, type VerifierName } from './facts.ts';
import { judgeKeyFor } from './key-rules.ts';

/** The verdict of a verifier on a token. `doubts`: it accepts it, or some of its servers do, with a reason to look closer. */
export interface VerifierVerdict {
  readonly verifier: VerifierName;
  readonly verdict: 'accepts' | 'doubts' | 'refuses';
  readonly reasons: readonly Reason[];
}

/** A verdict for each verifier. Nothing is fetched here. */
export function judgeToken(facts: VerdictFacts): readonly VerifierVerdict[] {
  return Object.keys(VERIFIERS)
    .filter(isVerifierName)
    .map((verifier) => {
      const reasons = [...judgeKeyFor(facts, verifier), ...judgeClaimsFor(facts, verifier)];
      const refuses = reasons.some((reason) => reason.refuses);
      const verdict = refuses ? 'refuses' : reasons.length > 0 ? 'doubts' : 'accepts';
      return { verifier, verdict, reasons };
    });
}

function isVerifierName(name: string): name is VerifierName {
  return Object.hasOwn(VERIFIERS, name);
}
