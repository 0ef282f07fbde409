import { scaled, type Attack, type Target } from './attack.ts';
import type { TenantRequests } from './tenant-requests.ts';
import { countWords, inParallel } from './in-parallel.ts';
import { JWT_REQUESTS } from './jwt-requests.ts';
import { POD_REQUESTS } from './pod-requests.ts';
import { SECRET_REQUESTS } from './secret-requests.ts';
import { openTenant, STORED } from './tenant.ts';

/** Number of concurrent requests of one tenant. */
const AT_ONCE = 8;

/** Attacks by a user with `edit` in one namespace, through the API server. */
export const TENANT_ATTACKS: readonly Attack[] = [...POD_REQUESTS, ...JWT_REQUESTS, ...SECRET_REQUESTS].map(
  ({ name, title, from, fullOnly, isRefused, ...requests }) => ({
    name,
    title,
    from,
    fullOnly,
    isRefused,
    run: (target, reached) => play(requests, target, reached),
  }),
);

async function play(
  { count, prepare, act, reaches = STORED }: Pick<TenantRequests, 'count' | 'prepare' | 'act' | 'reaches'>,
  target: Target,
  reached: () => void,
): Promise<string> {
  const tenant = await openTenant(target);
  try {
    await prepare?.(tenant);
    const answers = await inParallel(scaled(count, target), AT_ONCE, async (number) => {
      const answer = await act(tenant, number);
      if (reaches.includes(answer)) reached();
      return answer;
    });
    return countWords(answers);
  } finally {
    tenant.close();
  }
}
