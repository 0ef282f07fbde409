import { fail, type Result } from '../resources/result.ts';
import type { Milliseconds } from '../time/units.ts';

/**
 * What the webhook needs to know of a Namespace: the value of its label, `undefined` without one. The problem says only
 * that it cannot be known now; details are the implementation's to log. Others may wait for the same answer, so nobody
 * who has waited long enough ends the look-up itself.
 */
export type NamespaceDefaultLookup = (namespace: string) => Promise<Result<string | undefined, unknown>>;

/** The client that creates the pod waits for the answer; after this time the pod is refused, and can be created again. */
const MAX_LOOK_UP_MS = 2_000;

/** As `lookUp`, but a problem after 2 s, or when the review has no time left. */
export async function lookUpWithin(
  lookUp: NamespaceDefaultLookup,
  namespace: string,
  timeLeft: Milliseconds,
): Promise<Result<string | undefined, unknown>> {
  const late = Promise.withResolvers<Result<never, string>>();
  const timer = setTimeout(() => late.resolve(fail('no answer in time')), Math.min(timeLeft, MAX_LOOK_UP_MS));
  try {
    return await Promise.race([lookUp(namespace), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
