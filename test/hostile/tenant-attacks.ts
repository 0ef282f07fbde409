import { scaled, type Attack, type Target } from './attack.ts';
import type { Deed } from './deed.ts';
import { countWords, inParallel } from './in-parallel.ts';
import { JWT_DEEDS } from './jwt-deeds.ts';
import { POD_DEEDS } from './pod-deeds.ts';
import { SECRET_DEEDS } from './secret-deeds.ts';
import { openTenant } from './tenant.ts';

/** Requests of one tenant that are under way at the same time. */
const AT_ONCE = 8;

/** What somebody with `edit` in one namespace can send through the API server. */
export const TENANT_ATTACKS: readonly Attack[] = [...POD_DEEDS, ...JWT_DEEDS, ...SECRET_DEEDS].map(
  ({ name, title, from, fullOnly, isRefused, ...deed }) => ({
    name,
    title,
    from,
    fullOnly,
    isRefused,
    run: (target) => play(deed, target),
  }),
);

async function play(
  { count, prepare, act }: Pick<Deed, 'count' | 'prepare' | 'act'>,
  target: Target,
): Promise<string> {
  const tenant = await openTenant(target);
  try {
    await prepare?.(tenant);
    const statuses = await inParallel(scaled(count, target), AT_ONCE, (number) => act(tenant, number));
    return countWords(statuses);
  } finally {
    tenant.close();
  }
}
