import type { Result } from '../resources/result.ts';

/**
 * What the webhook needs to know of a Namespace: the value of its label, `undefined` without one. The problem says only
 * that it cannot be known now; details are the implementation's to log. `signal` ends the wait at the review's deadline.
 */
export type NamespaceDefaultLookup = (
  namespace: string,
  signal: AbortSignal,
) => Promise<Result<string | undefined, unknown>>;

const TIMED_OUT = { ok: false, problem: 'deadline' } as const;

/** As `lookUp`, but never later than `milliseconds` from now, whatever `lookUp` does with its signal. */
export async function lookUpWithin(
  lookUp: NamespaceDefaultLookup,
  namespace: string,
  milliseconds: number,
): Promise<Result<string | undefined, unknown>> {
  const controller = new AbortController();
  const late = Promise.withResolvers<typeof TIMED_OUT>();
  const timer = setTimeout(() => {
    late.resolve(TIMED_OUT);
    controller.abort();
  }, milliseconds);
  try {
    return await Promise.race([lookUp(namespace, controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
