import type { ObjectName } from '../../resources/object-key.ts';
import { parseJwt } from '../../resources/jwt.ts';
import type { JsonObject } from '../../resources/json.ts';
import { KIND } from '../../resources/names.ts';
import type { Seconds } from '../../time/units.ts';
import { readReady } from '../cluster/ready-state.ts';

/** The part of a JWT that `status` shows; there may be a hundred thousand of them. Times in seconds since the epoch. */
export interface JwtState extends ObjectName {
  /** The status of the condition Ready: `True`, `False`, `Unknown`; `PENDING` when there is no status yet. */
  readonly ready: string;
  readonly reason: string;
  /** The message of that condition. */
  readonly message: string;
  readonly tokenId: string | undefined;
  readonly issuedAt: Seconds | undefined;
  readonly expiresAt: Seconds | undefined;
  readonly renewsAt: Seconds | undefined;
}

/** Reads it from the wire JSON of a JWT; `undefined` for anything else. */
export function readJwtState(object: JsonObject): JwtState | undefined {
  const jwt = parseJwt({ ...object, kind: KIND });
  if (!jwt.ok) return undefined;
  const { namespace, name, recorded } = jwt.value;
  const { tokenId, issuedAt, expiresAt, renewsAt } = recorded;
  const { status, reason, message } = readReady(recorded);
  return { namespace, name, ready: status, reason, message, tokenId, issuedAt, expiresAt, renewsAt };
}
