import type { JsonObject } from '../resources/json.ts';
import { NUDGED_AT } from '../resources/names.ts';
import { formatMicroTime } from '../time/format-time.ts';
import type { Milliseconds, Seconds } from '../time/units.ts';

/**
 * How long after a Secret its pods are nudged. The kubelet watches Secrets and pods over two connections; if it handled the pod
 * first, it would find the old token, and look again a minute later.
 */
export const NUDGE_AFTER_MS = 200;

/** The time in which the kubelet has read the Secret after a nudge; measured on real nodes: within a second. */
export const SEEN_AFTER_NUDGE: Seconds = 5;

/**
 * The merge patch that has the kubelet look at a pod's Secrets at once: any change of a pod's metadata does. It changes one
 * annotation, which nothing reads.
 */
export function nudgePatch(now: Milliseconds): JsonObject {
  return { metadata: { annotations: { [NUDGED_AT]: formatMicroTime(now) } } };
}
