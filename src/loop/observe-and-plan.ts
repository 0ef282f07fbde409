import type { Observed } from '../reconcile/observed.ts';
import { planNext, planToken, type Plan } from '../reconcile/plan.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { Seconds } from '../time/units.ts';
import { observe, readMissing, type Known, type Observer } from './observe.ts';

/** A plan that asks for something to be read. */
type PlannedRead = Extract<Plan, { do: 'read' }>;

/** What observing and planning depends on, beside what there is. */
export interface PlanningOptions {
  /** Since the epoch. */
  readonly now: Seconds;
  /** Read before. */
  readonly known?: Known;
  /** Whether that may be read over the network; if not, the plan stays at it. All may be, by default. */
  readonly mayRead?: (plan: PlannedRead, observed: Observed) => boolean;
  /** Whether the owners of the Secret may be changed; if not, the rest is planned. They may, by default. */
  readonly mayDisown?: () => boolean;
  /** The JWT with what its status does not say yet; `known` is what was read so far. */
  readonly recall?: (jwt: Jwt, known: Known) => Jwt;
  /** What else is known of what was observed. */
  readonly adjust?: (observed: Observed) => Observed;
  /** Called with what was observed, and with what was read for it, before it is planned. */
  readonly onObserved?: (observed: Observed, known: Known) => void;
}

/**
 * Observes and plans, and reads over the network what the plan asks for, until nothing more is to be read. Throws what the
 * API server answers.
 */
export async function observeAndPlan(
  observer: Observer,
  jwt: Jwt,
  {
    now,
    known = {},
    mayRead = () => true,
    mayDisown = () => true,
    recall = same,
    adjust = same,
    onObserved,
  }: PlanningOptions,
): Promise<{ readonly observed: Observed; readonly plan: Plan }> {
  for (;;) {
    const observed = adjust(await observe(observer, recall(known.jwt ?? jwt, known), known, now));
    onObserved?.(observed, known);
    const plan = mayDisown() ? planNext(observed, now) : planToken(observed, now);
    if (plan.do !== 'read' || !mayRead(plan, observed)) return { observed, plan };
    known = await readMissing(observer, observed, plan.what, known);
  }
}

function same<T>(value: T): T {
  return value;
}
