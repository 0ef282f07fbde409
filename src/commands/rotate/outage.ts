import { isConflict, isTransient } from '../../kube/errors.ts';
import type { Milliseconds } from '../../time/units.ts';

/** An API server that is replaced by another one is back by then. */
const OUTAGE_MS: Milliseconds = 5 * 60_000;
/** The limit with --no-wait: enough to learn whether a request was served whose answer was lost. */
const SHORT_OUTAGE_MS: Milliseconds = 5_000;

/**
 * Whether the rotation goes on after a step that ended with `error`: somebody changed the JWT meanwhile, or the API server has
 * not been away for too long. `failingFor`: since the last step that went well.
 */
export function isWorthAnotherLook(error: unknown, failingFor: Milliseconds, noWait: boolean): boolean {
  if (isConflict(error)) return true;
  return isTransient(error) && failingFor < (noWait ? SHORT_OUTAGE_MS : OUTAGE_MS);
}
