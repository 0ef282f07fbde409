import { setTimeout as sleep } from 'node:timers/promises';
import { sumCovered } from './case-file.ts';
import { ALONE, type Fault } from './fault.ts';
import { followLease } from './follow-lease.ts';
import { ONE_MINUTE, type Ground } from './ground.ts';
import { holdFirst, isApplyOf } from './hold.ts';
import { askForRenewals, waitForAll } from './renewals.ts';
import { takeOverTime } from './take-over-time.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** A successor must act within this time (ms) after the lease was released, if the API server answers. */
const SUCCEEDS_WITHIN_MS = 2_000;

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
    const states = await lease.states();
    const freeAt = states.find(({ at, holder }) => at >= stoppedAt && holder === '')?.at;
    if (freeAt === undefined) {
      ground.fail('recovery', 'the leader ended and did not give its lease back');
      return;
    }
    const took = Math.max(0, ledAt - freeAt);
    ground.note(
      `the lease was free ${freeAt - stoppedAt} ms after SIGTERM, the successor led ${took} ms later`,
    );
    const stalledMs = sumCovered({ from: freeAt, until: freeAt + took }, arena.pulse.stalls());
    if (took - stalledMs > SUCCEEDS_WITHIN_MS)
      ground.fail('recovery', `the successor led only ${took} ms after the lease was free`);
  } finally {
    await lease.stop();
  }
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

/** Stops the leader for longer than its lease, and checks that it writes nothing when it continues. */
async function freezeLeader(ground: Ground): Promise<void> {
  const { arena } = ground;
  const main = arena.main();
  const renewing = await ground.sign('renewing', { spec: ONE_MINUTE });
  const jwts = await ground.signMany('asked', 5);
  const standby = await arena.startStandby();
  main.service.kill('SIGSTOP');
  const stoppedAt = Date.now();
  try {
    const asked = askForRenewals(jwts); // both processes have work now, and one of them is stopped
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

/** The leader is stopped while its write is being sent, and the write arrives after that of its successor. */
async function deliverLate(ground: Ground, begin: (jwt: TrackedJwt) => Promise<unknown>): Promise<void> {
  const { arena } = ground;
  const main = arena.main();
  const jwt = await ground.sign('contested');
  const standby = await arena.startStandby();
  const before = jwt.text;
  using held = holdFirst(main.proxy, 'a new token', isApplyOf(jwt.secretPath));
  const forgive = jwt.excuse();
  await begin(jwt);
  const late = await held.arrive(arena.patienceMs);
  main.service.kill('SIGSTOP');
  try {
    await standby.waitUntilLeading(takeOverTime(ground));
    await jwt.waitFor('a new token of the successor', () => jwt.isRenewed(before), 20_000);
    forgive();
    const { text } = jwt;
    held.decide('pass');
    await jwt.waitFor('an answer to the late write', () => late.status !== 0);
    ground.note(`the late write was answered ${late.status}`);
    await ground.rest(1_000);
    if (jwt.text !== text) ground.fail('I4', 'the late write replaced the token of the successor');
  } finally {
    main.service.kill('SIGCONT');
  }
}

/** The leader ends, is killed or is stopped, and a standby takes over. */
export const LEADER_CHANGES: readonly Fault[] = [
  {
    ...ALONE,
    name: 'leader-stopped-at-load',
    title: 'SIGTERM while tokens are being signed: the lease is released, a successor acts within 2 s',
    tries: { short: 1, full: 3 },
    play: handOverUnderLoad,
  },
  {
    ...ALONE,
    name: 'leader-killed',
    title: 'kill -9 of the leader beside a standby: it takes over, and makes no needless write',
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
];
