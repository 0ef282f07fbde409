import type { Observed } from './observed.ts';
import type { SecretChange } from './plan.ts';

/**
 * Whether the plan is the renewal that the status announced, whatever has become of the Secret meanwhile. An older token
 * of ours that somebody puts back is due by its own times, but not by those of the token that was published.
 */
export function isScheduledRenewal(plan: SecretChange, { jwt, secret }: Observed, now: number): boolean {
  if (plan.do !== 'sign') return false;
  const { renewsAt, tokenId } = jwt.recorded;
  if (renewsAt !== undefined) return now >= renewsAt;
  const isPublished = secret?.token.state === 'valid' && secret.token.tokenId === tokenId;
  return plan.cause === 'RenewalDue' && isPublished;
}
