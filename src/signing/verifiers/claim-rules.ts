import { MAX_ZTN_BYTES } from '../profiles.ts';
import { ALL_VERIFIERS, doubt, refusal, type ClaimRule } from './claim-rule.ts';
import type { Reason, VerdictFacts, VerifierName } from './facts.ts';
import { PROFILE_RULES } from './profile-rules.ts';
import { SCOPE_RULES } from './scope-rules.ts';
import { TIME_RULES } from './time-rules.ts';

/** The rules of verifiers for the claims that say who issued the token, about whom, and which one it is. */
const NAME_RULES: Readonly<Record<string, ClaimRule>> = {
  'issuer-missing': {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }) =>
      typeof claims['iss'] === 'string'
        ? undefined
        : refusal(
            'the claim iss is missing ("\'iss\' claim is mandatory")',
            'sign the token with jwt-injector, which sets it',
          ),
  },
  'subject-missing': {
    by: ['pelicanfs', 'xrootd'],
    says: ({ token: { claims } }, verifier) =>
      typeof claims['sub'] === 'string' || (claims['sub'] === undefined && verifier === 'pelicanfs')
        ? undefined
        : refusal(
            'the claim sub is missing or not a string ("Failed to get token subject")',
            'set spec.data.sub',
          ),
  },
  'token-id': {
    by: ['pelicanfs', 'xrootd'],
    says: ({ token: { claims } }) =>
      ['string', 'undefined'].includes(typeof claims['jti'])
        ? undefined
        : refusal('the claim jti is not a string', 'sign the token with jwt-injector, which sets it'),
  },
};

/**
 * The rules of verifiers for the claims, in the order of the report; the messages in quotes are their own, to be searched for.
 * `lint/lint-findings.ts` warns the author of a spec of such claims; who changes the one looks at the other.
 */
const RULES: Readonly<Record<string, ClaimRule>> = {
  ...TIME_RULES,
  ...NAME_RULES,
  ...PROFILE_RULES,
  ...SCOPE_RULES,
  size: {
    by: ['xrootd'],
    says: ({ bytes }) =>
      bytes > MAX_ZTN_BYTES
        ? doubt(`the token has ${bytes} bytes, and root:// (ztn) takes ${MAX_ZTN_BYTES}`, 'shorten spec.data')
        : undefined,
  },
};

/** Returns the findings of a verifier in the claims of a token. */
export function judgeClaimsFor(facts: VerdictFacts, verifier: VerifierName): readonly Reason[] {
  return Object.entries(RULES).flatMap(([rule, { by, says }]) => {
    const found = by.includes(verifier) ? says(facts, verifier) : undefined;
    if (found === undefined) return [];
    const { refuses, message, remedy } = found;
    return [{ rule, refuses, message, remedy }];
  });
}
