import type { JwtSpec } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import { formatDuration } from '../time/format-time.ts';
import { effectiveIssuer } from './claims.ts';

/** Each rule gives the sentence that refuses, with its remedy, or nothing. */
const POLICY_RULES: readonly ((spec: JwtSpec, policy: SigningPolicy) => string | undefined)[] = [
  ({ key }, { forbidInlineKeys }) =>
    forbidInlineKeys && key.from === 'value'
      ? 'spec.key.value is forbidden in this cluster: move the key into a Secret, set spec.key.secret'
      : undefined,
  ({ lifetime }, { minLifetime = 0 }) =>
    lifetime < minLifetime
      ? `spec.expiryTime (${formatDuration(lifetime)}) must be at least ${formatDuration(minLifetime)} in this cluster: set a longer one`
      : undefined,
  ({ lifetime }, { maxLifetime = Number.POSITIVE_INFINITY }) =>
    lifetime > maxLifetime
      ? `spec.expiryTime (${formatDuration(lifetime)}) must be at most ${formatDuration(maxLifetime)} in this cluster: set a shorter one`
      : undefined,
  (spec, { allowedIssuers }) => {
    const issuer = effectiveIssuer(spec);
    return allowedIssuers === undefined || !issuer.ok || allowedIssuers.includes(issuer.value)
      ? undefined
      : 'this cluster does not allow the issuer (compared byte for byte): correct spec.issuer (or spec.data.iss), or ask its admin (--allowed-issuers)';
  },
];

/** Why the policy forbids to sign what the JWT asks for; all that is wrong in one message. `undefined`: it does not. */
export function findPolicyRefusal(spec: JwtSpec, policy: SigningPolicy): StateProblem | undefined {
  const sentences = POLICY_RULES.map((rule) => rule(spec, policy)).filter(
    (sentence) => sentence !== undefined,
  );
  return sentences.length === 0 ? undefined : { reason: 'PolicyDenied', message: sentences.join('; ') };
}
