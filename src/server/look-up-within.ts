import type { NamespaceDefault } from '../resources/namespace-default.ts';
import type { Milliseconds } from '../time/units.ts';

/**
 * Looks up the default of a Namespace. If it cannot be known, the implementation logs why. Other reviews may wait for the same
 * answer, so a review that has waited long enough does not end the look-up.
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
