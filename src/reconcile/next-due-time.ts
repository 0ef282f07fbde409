import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import { effectiveResignBefore, renewalTime } from '../signing/schedule.ts';
import type { Seconds } from '../time/units.ts';
import type { Observed, SecretObservation } from './observed.ts';

/**
 * When a JWT needs a round because time alone makes something due: its renewal, another status, or that a token that
 * is not valid yet becomes so. `signedUntil`: when the token expires that was signed in this round. All in seconds since
 * the epoch; `undefined`: nothing becomes due.
 */
export function nextDueTime(
  { jwt, secret }: Pick<Observed, 'jwt' | 'secret'>,
  signedUntil: Seconds | undefined,
  now: Seconds,
): Seconds | undefined {
  if (!jwt.spec.ok) return undefined;
  if (signedUntil !== undefined) return renewalTime(jwt.uid, signedUntil, jwt.spec.value);
  const validFrom = secret?.token.state === 'faulty' ? secret.token.until : undefined;
  return earliestAfter(now, [
    plannedRenewal(jwt, secret),
    ...statusChanges(jwt, jwt.spec.value, secret),
    validFrom,
  ]);
}

/** When the current token is to be replaced, in seconds since the epoch; `undefined` without a valid one. */
export function plannedRenewal(jwt: Jwt, secret: SecretObservation | undefined): Seconds | undefined {
  if (!jwt.spec.ok || secret?.token.state !== 'valid') return undefined;
  return renewalTime(jwt.uid, secret.token.expiresAt, jwt.spec.value);
}

/** When half of `resignBefore` will have passed without a new token, in seconds since the epoch. */
export function overdueTime(spec: JwtSpec, expiresAt: Seconds): Seconds {
  return expiresAt - effectiveResignBefore(spec) / 2;
}

/**
 * When time alone changes what the status says: the renewal is overdue, or the token has expired. One that could not be read is
 * the one of the status.
 */
function statusChanges(
  { recorded }: Jwt,
  spec: JwtSpec,
  secret: SecretObservation | undefined,
): readonly Seconds[] {
  const { token } = secret ?? {};
  const expiresAt =
    token?.state === 'valid' ? token.expiresAt : token?.state === 'unread' ? recorded.expiresAt : undefined;
  return expiresAt === undefined ? [] : [overdueTime(spec, expiresAt), expiresAt];
}

function earliestAfter(now: Seconds, moments: readonly (Seconds | undefined)[]): Seconds | undefined {
  return earliest(moments.filter((moment) => moment !== undefined && moment > now));
}

/** The earliest moment, in seconds since the epoch; `undefined`: none of the moments comes. */
export function earliest(moments: readonly (Seconds | undefined)[]): Seconds | undefined {
  const coming = moments.filter((moment) => moment !== undefined);
  return coming.length === 0 ? undefined : Math.min(...coming);
}
