import type { Observed } from './observed.ts';
import type { SecretChange } from './plan.ts';
import type { Seconds } from '../time/units.ts';

/**
 * Whether the plan is the renewal that the status announced, whatever happened to the Secret meanwhile. If somebody puts an
 * older token of ours back, that one is due by its own times, but the published token is not.
 */
export function isScheduledRenewal(
  plan: SecretChange,
  { jwt, secret }: Pick<Observed, 'jwt' | 'secret'>,
  now: Seconds,
): boolean {
  if (plan.do !== 'sign') return false;
  const { renewsAt, tokenId } = jwt.recorded;
  if (renewsAt !== undefined) return now >= renewsAt;
  const isPublished = secret?.token.state === 'valid' && secret.token.tokenId === tokenId;
  return plan.cause === 'RenewalDue' && isPublished;
}
