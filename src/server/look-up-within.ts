import type { NamespaceDefault } from '../resources/namespace-default.ts';
import type { Milliseconds } from '../time/units.ts';

/**
 * What the webhook needs to know of a Namespace. Why it cannot be known is the implementation's to log. Others may wait for
 * the same answer, so nobody who has waited long enough ends the look-up itself.
 */
export type NamespaceDefaultLookup = (namespace: string) => Promise<NamespaceDefault>;

/** The client that creates the pod waits for the answer; after this time the pod is refused, and can be created again. */
const MAX_LOOK_UP_MS = 2_000;

/** As `lookUp`, but not known after 2 s, or when the review has no time left. */
export async function lookUpWithin(
  lookUp: NamespaceDefaultLookup,
  namespace: string,
  timeLeft: Milliseconds,
): Promise<NamespaceDefault> {
  const late = Promise.withResolvers<NamespaceDefault>();
  const timer = setTimeout(() => late.resolve({ known: false }), Math.min(timeLeft, MAX_LOOK_UP_MS));
  try {
    return await Promise.race([lookUp(namespace), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
