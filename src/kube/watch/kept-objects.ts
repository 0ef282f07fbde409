import type { JsonObject } from '../../resources/json.ts';
import type { Log } from '../log.ts';
import { findIdentity, identifyHead, type ObjectIdentity } from '../object-identity.ts';
import { MAX_OBJECT_BYTES } from '../list/pieces.ts';
import type { Kept } from './watch-store.ts';

/** How objects of one resource are read. */
export interface ObjectReading<T> {
  /** Plural, for the log. */
  readonly resource: string;
  /** The part of an object to keep; `undefined`: nothing, as if it were not there. */
  readonly transform: (object: JsonObject) => T | undefined;
  readonly log: Log;
}

/**
 * The part of one object to keep; `undefined` if it cannot be read: that must not cost the others. Its content stays out of the
 * log.
 */
export function keepObject<T>(
  object: JsonObject,
  { resource, transform, log }: ObjectReading<T>,
): Kept<T> | undefined {
  const identity = findIdentity(object);
  if (identity === undefined) return undefined;
  try {
    return { ...identity, value: transform(object) };
  } catch {
    log.warn({ resource, key: identity.key }, 'an object could not be read and is left out');
    return undefined;
  }
}

/**
 * Logs that an object is too long to be read and counts as if it were not there: its author loses only that one.
 * Returns which object its first bytes are about, if they are sure.
 */
export function leaveOut(
  head: string,
  { resource, log }: Pick<ObjectReading<unknown>, 'resource' | 'log'>,
): ObjectIdentity | undefined {
  const identity = identifyHead(head);
  const { namespace, name } = identity ?? {};
  log.warn({ resource, namespace, name, longest: MAX_OBJECT_BYTES }, 'an object is too long and is left out');
  return identity;
}
