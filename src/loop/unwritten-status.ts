import type { Jwt } from '../resources/jwt.ts';
import type { Known } from './observe.ts';
import type { Reconciler } from './round.ts';

/**
 * The JWT with what its status is still to say, by the token in its Secret: as it was read, or else as the cache has it. A token
 * whose write had no answer is recorded as signed when it is first found there.
 */
export function withUnwrittenStatus(
  { observer, memory, recorder }: Pick<Reconciler, 'observer' | 'memory' | 'recorder'>,
  jwt: Jwt,
  known: Known,
): Jwt {
  const secret = known.secret ?? observer.sources.tokenSecret(jwt.namespace, jwt.name);
  const evidence = secret === undefined || secret === 'absent' ? undefined : secret.evidence;
  const tokenId = evidence?.facts?.jti;
  const arrived = memory.pending.written(jwt.uid, tokenId);
  if (arrived !== undefined) recorder.signed(arrived);
  return memory.withUnwritten(jwt, tokenId);
}
