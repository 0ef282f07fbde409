import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { installCrd } from '../controlplane/install.ts';
import { renewalOf, waitUntilDue } from './due.ts';
import { ALONE, type Fault } from './fault.ts';
import { ONE_MINUTE, type Ground } from './ground.ts';
import { isApplyOf } from './hold.ts';
import { areRenewed, requestRenewals, textsOf } from './renewals.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/jwts.tokens.osg-htc.org';
const SOON_MS = 15_000;
/** The longest back-off after a minute of refusals, and the time that the API server needs for a new CRD. */
const AFTER_REFUSALS_MS = 90_000;

/**
 * Ten tokens become due while the only replica does not run, or does not trust its clock: all are renewed
 * afterwards.
 */
async function stallWhenDue(
  ground: Ground,
  stall: (jwts: readonly TrackedJwt[]) => Promise<unknown>,
): Promise<readonly TrackedJwt[]> {
  const jwts = await ground.signMany('due', 10, { spec: ONE_MINUTE });
  const before = textsOf(jwts);
  // To wait for renewals takes half a minute: the short form requests them instead.
  if (!ground.short) await waitUntilDue(jwts, 1_500);
  const stalling = stall(jwts);
  if (ground.short) await requestRenewals(jwts);
  await stalling;
  const startedAt = performance.now();
  await jwts[0]?.waitFor('ten new tokens', () => areRenewed(jwts, before), SOON_MS);
  ground.recovered(performance.now() - startedAt);
  return jwts;
}

async function suspend({ arena }: Ground): Promise<void> {
  const { service } = arena.main();
  service.kill('SIGSTOP');
  await sleep(arena.lease.renewDeadline + 1_000);
  service.kill('SIGCONT');
}

async function stepAhead(ground: Ground): Promise<void> {
  const { arena } = ground;
  await arena.main().stop();
  const preload = pathToFileURL(join(import.meta.dirname, 'step-clock.ts'));
  const stepMs = arena.lease.renewDeadline + 2_000;
  const main = await arena.startMain({
    env: { NODE_OPTIONS: `--import=${preload.href}`, STEP_CLOCK_MS: `${stepMs}` },
  });
  await main.waitUntilLeading();
  let steppedAt = 0;
  const jwts = await stallWhenDue(ground, async (due) => {
    steppedAt = Date.now();
    // On a busy machine the ten are not created at the same time: for those that are due only by the wrong
    // clock, the step is the cause.
    const isDueByStep = (renewsAt: number): boolean => renewsAt > steppedAt && renewsAt <= steppedAt + stepMs;
    for (const jwt of due) if (isDueByStep(renewalOf(jwt))) jwt.addCauses();
    main.service.kill('SIGWINCH');
  });
  // `iat` is a minute in the past, in whole seconds.
  const isAhead = ({ token }: TrackedJwt): boolean =>
    ((token?.claims.iat ?? 0) + 61) * 1_000 > steppedAt + stepMs;
  ground.requireHarm(jwts.filter(isAhead).length, jwts.length);
  await main.stop(); // the clock of its successor is right
}

/**
 * The next write of the Secret and the next of the status are answered with 404, as by a load balancer with a
 * wrong configuration.
 */
async function answerNotFound(ground: Ground): Promise<void> {
  const jwt = await ground.sign('unfound');
  const paths = [jwt.secretPath, `${jwt.path}/status`];
  const refused = new Set<string>();
  const stop = ground.arena.main().proxy.treat((seen) => {
    if (refused.has(seen.path) || !paths.some((path) => isApplyOf(path)(seen))) return undefined;
    refused.add(seen.path);
    return { do: 'answer', status: 404 };
  });
  const before = await jwt.requestRenewal();
  const startedAt = performance.now();
  await jwt.waitFor('a new token', () => jwt.isRenewed(before), SOON_MS);
  ground.recovered(performance.now() - startedAt);
  ground.requireHarm(stop(), paths.length);
}

/** A CRD like token-manager's: no status can be written, and tokens stay fresh anyway. */
async function dropStatus(ground: Ground): Promise<void> {
  const { api, cluster } = ground.arena;
  const jwt = await ground.sign('stateless', { spec: ONE_MINUTE });
  const { spec } = await api.get(CRD);
  const versions = spec.versions.map(
    ({ subresources: _none, ...version }: { subresources: unknown }) => version,
  );
  await api.merge(CRD, { spec: { versions } });
  try {
    for (let renewal = 1; renewal <= 2; renewal += 1) {
      const before = jwt.text;
      // The status does not matter here.
      const isRenewed = (): boolean => jwt.text !== '' && jwt.text !== before;
      await jwt.waitFor(`renewal ${renewal}`, isRenewed, 60_000);
    }
  } finally {
    await installCrd(cluster);
  }
  const startedAt = performance.now();
  await jwt.waitFor('a status again', () => jwt.isRenewed(''), AFTER_REFUSALS_MS);
  ground.recovered(performance.now() - startedAt);
}

export const STALLS: readonly Fault[] = [
  {
    ...ALONE,
    name: 'only-replica-suspended',
    title:
      'kill -STOP of the only replica for longer than its renew deadline while ten tokens are due, then CONT',
    tries: { short: 1, full: 2 },
    play: async (ground) => {
      await stallWhenDue(ground, () => suspend(ground));
    },
  },
  {
    ...ALONE,
    name: 'clock-stepped-ahead',
    title:
      'the wall clock of the only replica steps ahead by more than its renew deadline, when ten tokens are due',
    tries: { short: 1, full: 1 },
    play: stepAhead,
  },
  {
    ...ALONE,
    name: 'stray-404',
    title: 'a write of a Secret and one of a status are answered 404',
    tries: { short: 1, full: 2 },
    play: answerNotFound,
  },
  {
    ...ALONE,
    name: 'crd-without-status',
    title: 'a CRD without the status subresource, as token-manager has it: tokens are still renewed',
    tries: { short: 0, full: 1 },
    play: dropStatus,
  },
];
