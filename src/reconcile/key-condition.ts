import type { StateReason } from '../resources/reasons.ts';
import type { Condition } from './conditions.ts';
import type { Observed } from './observed.ts';
import type { Outcome } from './outcome.ts';

/** `KeyAvailable`: whether the private key that the JWT names can sign for it. */
export function keyCondition(observed: Observed, { problem }: Outcome): Condition {
  const { jwt, key } = observed;
  if (!jwt.spec.ok) {
    const { reason, message } = jwt.spec.problem;
    // If another part of the spec is wrong, nobody looked for the key.
    return keyAvailable(reason.startsWith('Key') ? 'False' : 'Unknown', reason, message);
  }
  if (key.state === 'unavailable') return keyAvailable('False', key.problem.reason, key.problem.message);
  if (isKeyKnown(observed))
    return keyAvailable('True', 'Signed', 'the private key was read and fits the algorithm');
  const isGrantUnread = key.state === 'unread' && key.isGrantUnread === true;
  return keyAvailable(
    'Unknown',
    problem?.reason ?? 'Signed',
    isGrantUnread
      ? 'whether the key exists, and may be used here, is not known yet: its Secret could not be read'
      : 'the private key is there; it is read when a token is due',
  );
}

function keyAvailable(status: Condition['status'], reason: StateReason, message: string): Condition {
  return { type: 'KeyAvailable', status, reason, message };
}

/** Whether the key was read for the algorithm of the spec: its version does not say for which. */
function isKeyKnown({ jwt, key, recordedKey }: Observed): boolean {
  if (key.state === 'read') return true;
  const { alg } = recordedKey ?? {};
  const isOfAlgorithm = alg === undefined || (jwt.spec.ok && alg === jwt.spec.value.algorithm);
  return key.state === 'unread' && key.version === jwt.recorded.keyVersion && isOfAlgorithm;
}
