import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf } from './api.ts';
import { followLease, LEASE } from './follow-lease.ts';
import { ALONE, type Fault } from './fault.ts';
import { ONE_MINUTE, type Ground } from './ground.ts';
import { holdFirst, isApplyOf } from './hold.ts';
import type { Player } from './player.ts';
import type { Seen } from './proxy.ts';
import { areRenewed, requestRenewals, textsOf } from './renewals.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** Within this time (ms) a successor acts after the lease was given back. */
const SUCCEEDS_WITHIN_MS = 2_000;

/** How long until a successor leads when the leader says nothing any more, in ms; retries and jitter included. */
function takeOverTime({ arena: { lease } }: Ground): number {
  return lease.duration + 3 * lease.retryPeriod + 5_000;
}

/** Asks each JWT for a new token; gives what to wait for. */
async function askForRenewals(jwts: readonly TrackedJwt[]): Promise<() => boolean> {
  const before = await requestRenewals(jwts);
  return () => areRenewed(jwts, before);
}

async function waitForAll(jwts: readonly TrackedJwt[], fits: () => boolean, withinMs: number): Promise<void> {
  const [first] = jwts;
  await first?.waitFor(`new tokens of ${jwts.length} JWTs`, fits, withinMs);
}

async function handOverUnderLoad(ground: Ground): Promise<void> {
  const { arena } = ground;
  const jwts = await ground.signMany('busy', ground.short ? 20 : 60);
  const main = arena.main();
  const standby = await arena.startStandby();
  const asked = askForRenewals(jwts);
  await jwts[0]?.waitFor('the first new token', () => jwts.some((jwt) => (jwt.jwt.status.renewals ?? 0) > 0));
  const lease = await followLease(arena.api);
  try {
    const stoppedAt = Date.now();
    await main.stop();
    const ledAt = await standby.waitUntilLeading();
    await waitForAll(jwts, await asked, 30_000);
    const freeAt = lease.states().find(({ at, holder }) => at >= stoppedAt && holder === '')?.at;
    if (freeAt === undefined) {
      ground.fail('recovery', 'the leader ended and did not give its lease back');
      return;
    }
    const took = Math.max(0, ledAt - freeAt);
    ground.note(
      `the lease was free ${freeAt - stoppedAt} ms after SIGTERM, the successor led ${took} ms later`,
    );
    if (took > SUCCEEDS_WITHIN_MS)
      ground.fail('recovery', `the successor led only ${took} ms after the lease was free`);
  } finally {
    await lease.stop();
  }
}

/** Stops the leader for longer than its lease, and looks that it writes nothing once it goes on. */
async function freezeLeader(ground: Ground): Promise<void> {
  const { arena } = ground;
  const main = arena.main();
  const renewing = await ground.sign('renewing', { spec: ONE_MINUTE });
  const jwts = await ground.signMany('asked', 5);
  const standby = await arena.startStandby();
  main.service.kill('SIGSTOP');
  const stoppedAt = Date.now();
  try {
    const asked = askForRenewals(jwts); // both processes have work now, and one of them sleeps
    const ledAt = await standby.waitUntilLeading(takeOverTime(ground));
    ground.recovered(ledAt - stoppedAt);
    await waitForAll(jwts, await asked, 20_000);
  } finally {
    main.service.kill('SIGCONT');
  }
  const awake = Date.now();
  await jwts[0]?.waitFor('the old leader to step back', () => !main.isLeading());
  await sleep(3_000);
  const late = main.writes().filter(({ at }) => at >= awake);
  if (late.length > 0)
    ground.fail('I4', `${late.length} writes after the lease was lost, first ${late[0]?.path}`);
  if (!ground.short) {
    const before = renewing.text;
    await renewing.waitFor('the next renewal', () => renewing.isRenewed(before), 60_000);
  }
}

/** Between Secret and status nothing is written any more, the lease neither: the same process leads in the next term. */
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

/** The leader's write is on its way when the leader is stopped, and arrives after that of its successor. */
async function deliverLate(ground: Ground, begin: (jwt: TrackedJwt) => Promise<unknown>): Promise<void> {
  const { arena } = ground;
  const main = arena.main();
  const jwt = await ground.sign('contested');
  const standby = await arena.startStandby();
  const before = jwt.text;
  const held = holdFirst(main.proxy, isApplyOf(jwt.secretPath));
  const forgive = jwt.excuse();
  await begin(jwt);
  const late = await held.arrived;
  main.service.kill('SIGSTOP');
  try {
    await standby.waitUntilLeading(takeOverTime(ground));
    await jwt.waitFor('a new token of the successor', () => jwt.isRenewed(before), 20_000);
    forgive();
    const { text } = jwt;
    held.decide('pass');
    await jwt.waitFor('an answer to the late write', () => late.status !== 0);
    ground.note(`the late write was answered ${late.status}`);
    await sleep(1_000);
    if (jwt.text !== text) ground.fail('I4', 'the late write replaced the token of the successor');
  } finally {
    main.service.kill('SIGCONT');
  }
}

/** A second service leads at the same time, by a Lease of another namespace. */
async function forceTwoLeaders(ground: Ground): Promise<void> {
  const { arena } = ground;
  const { api } = arena;
  const away = await ground.addNamespace('lease');
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await api.create(`${rbac}/namespaces/${away}/roles`, {
    metadata: { name: 'lease' },
    rules: [
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        verbs: ['get', 'list', 'watch', 'create', 'patch'],
      },
    ],
  });
  await api.create(`${rbac}/namespaces/${away}/rolebindings`, {
    metadata: { name: 'lease' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'lease' },
    subjects: [{ kind: 'ServiceAccount', name: 'jwt-injector', namespace: 'jwt-injector' }],
  });
  const second = await arena.startStandby({ args: [`--lease-namespace=${away}`] });
  await second.waitUntilLeading();
  const jwts = await ground.signMany('shared', ground.short ? 5 : 15);
  for (const jwt of jwts) jwt.addCauses(); // the first token, by the other one
  const askedFor = await askForRenewals(jwts);
  for (const jwt of jwts) jwt.addCauses();
  await waitForAll(jwts, askedFor, 30_000);
  await Promise.all(jwts.map((jwt) => jwt.loseSecret({ causes: 2, withinMs: 20_000 })));
  await sleep(1_000);
  const texts = textsOf(jwts);
  await sleep(ground.short ? 2_000 : 4_000);
  if (jwts.some(({ text }, index) => text !== texts[index]))
    ground.fail('I4', 'the two leaders never come to rest');
  ground.note(
    `${countSecretWrites(arena.main(), ground)} and ${countSecretWrites(second, ground)} writes of Secrets`,
  );
}

function countSecretWrites(player: Player, { namespace }: Ground): number {
  const secrets = pathOf('secrets', namespace);
  return player.writes().filter(({ path, status }) => path.startsWith(secrets) && status > 0 && status < 300)
    .length;
}

async function failOver(ground: Ground): Promise<void> {
  const { arena } = ground;
  const idle = await ground.signMany('idle', ground.short ? 5 : 20);
  const renewing = await ground.sign('renewing', { spec: ONE_MINUTE });
  const standby = await arena.startStandby();
  const before = renewing.text;
  await arena.main().kill();
  const killedAt = Date.now();
  const ledAt = await standby.waitUntilLeading(takeOverTime(ground));
  ground.recovered(ledAt - killedAt);
  await sleep(2_000);
  const needless = standby
    .writes()
    .filter(({ path }) => idle.some((jwt) => path.startsWith(jwt.path) || path.startsWith(jwt.secretPath)));
  if (needless.length > 0) ground.fail('I4', `${needless.length} requests to write what was in order`);
  if (!ground.short) await renewing.waitFor('a renewal', () => renewing.isRenewed(before), 60_000);
}

/** The Lease is edited by hand; the leader must notice and write nothing until it leads again, which is soon. */
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

export const LEADERSHIP: readonly Fault[] = [
  {
    ...ALONE,
    name: 'leader-stopped-at-load',
    title: 'SIGTERM while tokens are being signed: the lease is given back, a successor acts within 2 s',
    tries: { short: 1, full: 3 },
    play: handOverUnderLoad,
  },
  {
    ...ALONE,
    name: 'leader-killed',
    title: 'kill -9 of the leader beside a standby: it takes over, and writes nothing that is in order',
    tries: { short: 0, full: 2 },
    play: failOver,
  },
  {
    ...ALONE,
    name: 'leader-frozen',
    title: 'kill -STOP of the leader for longer than its lease, then CONT: it writes nothing any more',
    tries: { short: 1, full: 1 },
    play: freezeLeader,
  },
  {
    ...ALONE,
    name: 'late-renewal',
    title: 'the frozen leader’s renewal arrives after that of its successor',
    tries: { short: 0, full: 1 },
    play: (ground) => deliverLate(ground, (jwt) => jwt.requestRenewal()),
  },
  {
    ...ALONE,
    name: 'late-creation',
    title: 'the frozen leader’s new Secret arrives after that of its successor',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      deliverLate(ground, async (jwt) => {
        jwt.addCauses();
        await jwt.removeSecret();
      }),
  },
  {
    ...ALONE,
    name: 'lease-lost-before-status',
    title: 'the only replica loses its lease between Secret and status: its next term signs nothing again',
    tries: { short: 1, full: 1 },
    play: loseLeaseBeforeStatus,
  },
  {
    ...ALONE,
    name: 'two-leaders',
    title: 'two leaders forced: valid tokens, at most one more write each, and rest',
    tries: { short: 1, full: 2 },
    play: forceTwoLeaders,
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
    title: 'the Lease given by hand to somebody who does not exist',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      tamperWithLease(ground, () => ground.arena.api.merge(LEASE, { spec: { holderIdentity: 'nobody' } })),
  },
];
