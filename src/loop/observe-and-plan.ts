import type { Observed } from '../reconcile/observed.ts';
import { planNext, planToken, type Plan } from '../reconcile/plan.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { Seconds } from '../time/units.ts';
import { observe, readMissing, type Known, type Observer } from './observe.ts';

/** A plan that asks for something to be read. */
type PlannedRead = Extract<Plan, { do: 'read' }>;

/** The options of observing and planning. */
export interface PlanningOptions {
  /** Since the epoch. */
  readonly now: Seconds;
  /** Read before. */
  readonly known?: Known;
  /** Whether that may be read over the network; if not, the plan stays at it. All may be, by default. */
  readonly mayRead?: (plan: PlannedRead, observed: Observed) => boolean;
  /** Whether the owners of the Secret may be changed; if not, the rest is planned. They may, by default. */
  readonly mayDisown?: () => boolean;
  /** The object to read although the plan does not ask for it: the caches are known to be behind. Nothing by default. */
  readonly mustRead?: (plan: Plan, observed: Observed, known: Known) => 'token' | 'jwt' | undefined;
  /** The JWT with what its status does not say yet; `known` is what was read so far. */
  readonly withUnwritten?: (jwt: Jwt, known: Known) => Jwt;
  /** Adds facts that are known from elsewhere to the observed ones. */
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
  options: PlanningOptions,
): Promise<{ readonly observed: Observed; readonly plan: Plan }> {
  const { now, mayDisown = () => true, withUnwritten = same, adjust = same, onObserved } = options;
  let { known = {} } = options;
  for (;;) {
    const observed = adjust(await observe(observer, withUnwritten(known.jwt ?? jwt, known), known, now));
    onObserved?.(observed, known);
    const plan = mayDisown() ? planNext(observed, now) : planToken(observed, now);
    const what = findRead(options, plan, observed, known);
    if (what === undefined) return { observed, plan };
    known = await readMissing(observer, observed, what, known);
  }
}

/** The object to read before the plan is carried out; `undefined`: nothing, or nothing that may be read. */
function findRead(
  { mayRead = () => true, mustRead }: PlanningOptions,
  plan: Plan,
  observed: Observed,
  known: Known,
): PlannedRead['what'] | undefined {
  if (plan.do !== 'read') return mustRead?.(plan, observed, known);
  return mayRead(plan, observed) ? plan.what : undefined;
}

function same<T>(value: T): T {
  return value;
}
