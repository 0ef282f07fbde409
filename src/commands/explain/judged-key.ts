import { findCondition } from '../../reconcile/conditions.ts';
import { readKeyText, type KeyReference } from '../../reconcile/key-access.ts';
import type { Observed } from '../../reconcile/observed.ts';
import type { StateReason } from '../../resources/reasons.ts';

/** The reasons that only the text of a key shows. Whether its Secret exists and may be used is observed again. */
const OF_THE_TEXT = [
  'KeyUnreadable',
  'KeyMismatch',
  'KeyTooShort',
  'KeyNotFound',
] as const satisfies StateReason[];

/**
 * Takes the verdict on the text of a key, which `explain` does not read, from the status, if that is of the present spec. The
 * service judges a changed Secret within a second, so its verdict is of the key that is there; without this, it would look as if
 * the service had yet to read it.
 */
export function withJudgedKey(observed: Observed, reference: KeyReference | undefined): Observed {
  const { jwt, key } = observed;
  const condition = findCondition(jwt.recorded, 'KeyAvailable');
  if (key.state !== 'unread' || condition?.status !== 'False') return observed;
  if (condition.observedGeneration !== jwt.generation) return observed;
  const { message } = condition;
  const reason = OF_THE_TEXT.find((word) => word === condition.reason);
  if (reason === undefined) return observed;
  // The Secret may have come since then.
  if (reason === 'KeyNotFound' && message !== describeMissingText(reference)) return observed;
  return { ...observed, key: { state: 'unavailable', problem: { reason, message } } };
}

function describeMissingText(reference: KeyReference | undefined): string | undefined {
  if (reference === undefined) return undefined;
  const text = readKeyText({}, reference);
  return text.ok ? undefined : text.problem.message;
}
