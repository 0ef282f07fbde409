import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose, Objects } from '../integration/objects.ts';
import { NAMESPACE } from './demo.ts';
import { StepFailure } from './step-failure.ts';

/** The value, or a text that says what was found instead. */
export type Attempt<T> = { readonly value: T } | { readonly instead: string };

const WITHIN_MS = 60_000; // a second or two is usual

/**
 * Tries again and again until there is a value. After `withinMs`, a StepFailure says what was found instead.
 */
export async function expectSoon<T>(
  expected: string,
  look: () => Promise<Attempt<T>>,
  withinMs = WITHIN_MS,
): Promise<T> {
  let instead = 'nothing';
  try {
    const { value } = await waitUntil(expected, withinMs, async () => {
      const seen = await look();
      if ('value' in seen) return seen;
      ({ instead } = seen);
      return undefined;
    });
    return value;
  } catch (error) {
    if (!(error instanceof ControlPlaneError)) throw error;
    throw new StepFailure(`${expected}, within ${withinMs / 1000} s`, instead);
  }
}

/** The JWT as soon as it is Ready; else the failure contains its condition. */
export function expectReady(objects: Objects, name: string): Promise<Loose> {
  return expectSoon(`JWT ${name} to be Ready`, async () => {
    const jwt = await objects.get('jwts', NAMESPACE, name);
    const conditions: Loose[] = jwt?.status?.conditions ?? [];
    const ready = conditions.find(({ type }) => type === 'Ready');
    if (ready === undefined) return { instead: 'it has no condition Ready: does jwt-injector see it?' };
    if (ready.status === 'True') return { value: jwt };
    return { instead: `Ready=${ready.status}, ${ready.reason}: ${ready.message}` };
  });
}
