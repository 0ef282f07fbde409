import { findCondition } from '../../reconcile/conditions.ts';
import type { RecordedStatus } from '../../resources/recorded-status.ts';

/** The value in place of `True`, `False` or `Unknown` of the condition Ready, for a JWT without a status. */
export const PENDING = 'Pending';
/** The meaning of `PENDING`. */
export const NOT_PROCESSED = 'jwt-injector has not processed it yet';

/** Status, reason and message of the condition Ready. */
interface ReadyState {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The state of the condition Ready, or `Pending` as long as the JWT has no such condition. */
export function readReady(recorded: Pick<RecordedStatus, 'conditions'>): ReadyState {
  return findCondition(recorded, 'Ready') ?? { status: PENDING, reason: '', message: NOT_PROCESSED };
}
