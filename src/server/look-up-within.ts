import type { NamespaceDefault } from '../resources/namespace-default.ts';
import type { Patience } from './patience.ts';

/**
 * Looks up the default of a Namespace. If it cannot be known, the implementation logs why. Other reviews may wait for the same
 * answer, so a review that has waited long enough does not end the look-up; the signal says that it has.
 */
export type NamespaceDefaultLookup = (
  namespace: string,
  asker: { readonly owner: string; readonly signal: AbortSignal },
) => Promise<NamespaceDefault>;

/** The client that creates the pod waits for the answer; after this time the pod is refused, and can be created again. */
const MAX_LOOK_UP_MS = 2_000;

/** As `lookUp`, but not known after 2 s, when the review has no time left, or when its client hangs up. */
export async function lookUpWithin(
  lookUp: NamespaceDefaultLookup,
  namespace: string,
  patience: Patience,
): Promise<NamespaceDefault> {
  const over = new AbortController();
  const late = Promise.withResolvers<NamespaceDefault>();
  const end = (): void => {
    over.abort();
    late.resolve({ known: false });
  };
  const timer = setTimeout(end, Math.min(patience.timeLeft(), MAX_LOOK_UP_MS));
  const gone = patience.gone();
  if (gone.aborted) end();
  gone.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([
      lookUp(namespace, { owner: patience.owner(), signal: over.signal }),
      late.promise,
    ]);
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', end);
  }
}
