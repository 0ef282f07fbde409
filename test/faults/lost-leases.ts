import { ALONE, type Fault } from './fault.ts';
import { LEASE } from './follow-lease.ts';
import type { Ground } from './ground.ts';
import type { Seen } from './proxy.ts';
import { askForRenewals, textsOf, waitForAll } from './renewals.ts';
import { takeOverTime } from './take-over-time.ts';

/**
 * Between the writes of Secret and status nothing is written any more, not even the Lease: the same process
 * leads in the next term.
 */
async function loseLeaseBeforeStatus(ground: Ground): Promise<void> {
  const main = ground.arena.main();
  const jwts = await ground.signMany('signed', 3);
  const isLate = ({ method, path }: Seen): boolean =>
    method === 'PATCH' && (path === LEASE || path.endsWith('/status'));
  const end = main.proxy.treat((seen) => (isLate(seen) ? { do: 'answer', status: 500 } : undefined));
  const lost = main.countTermsLost();
  try {
    const before = textsOf(jwts);
    const asked = askForRenewals(jwts);
    await waitForAll(jwts, () => jwts.every(({ text }, index) => text !== before[index]), 10_000);
    await jwts[0]?.waitFor('the end of the term', () => main.countTermsLost() > lost, takeOverTime(ground));
    end();
    await waitForAll(jwts, await asked, 20_000);
  } finally {
    end();
  }
}

/**
 * The Lease is edited by hand; the leader must notice it and write nothing until it leads again, which must
 * be soon.
 */
async function tamperWithLease(ground: Ground, tamper: () => Promise<unknown>): Promise<void> {
  const { arena, namespace } = ground;
  const main = arena.main();
  const jwt = await ground.sign('waiting');
  const lost = main.countTermsLost();
  await tamper();
  const noticedWithinMs = arena.lease.retryPeriod + arena.patienceMs;
  await jwt.waitFor('the leader to notice', () => main.countTermsLost() > lost, noticedWithinMs);
  const lostAt = Date.now();
  const asked = await askForRenewals([jwt]);
  const ledAt = await main.waitUntilLeading(takeOverTime(ground));
  ground.recovered(Math.max(0, ledAt - lostAt));
  await waitForAll([jwt], asked, 20_000);
  const early = main
    .writes()
    .filter(({ at, path }) => at >= lostAt && at < ledAt && path.includes(`/namespaces/${namespace}/`));
  if (early.length > 0)
    ground.fail('I4', `${early.length} writes without the lease, first ${early[0]?.path}`);
}

/** The only replica loses its Lease, and leads again. */
export const LOST_LEASES: readonly Fault[] = [
  {
    ...ALONE,
    name: 'lease-lost-before-status',
    title: 'the only replica loses its lease between Secret and status: its next term signs nothing again',
    tries: { short: 1, full: 1 },
    play: loseLeaseBeforeStatus,
  },
  {
    ...ALONE,
    name: 'lease-deleted',
    title: 'the Lease deleted by hand',
    tries: { short: 0, full: 1 },
    play: (ground) => tamperWithLease(ground, () => ground.arena.api.remove(LEASE)),
  },
  {
    ...ALONE,
    name: 'lease-stolen',
    title: 'the Lease edited by hand, with a holder that does not exist',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      tamperWithLease(ground, () => ground.arena.api.merge(LEASE, { spec: { holderIdentity: 'nobody' } })),
  },
];
