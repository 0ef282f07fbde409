import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../controlplane/wait-until.ts';
import { beginExcuse } from './case-file.ts';
import { waitUntilDue } from './due.ts';
import { ALONE, type Fault } from './fault.ts';
import { ONE_MINUTE, type Ground } from './ground.ts';
import { noteHindrances } from './hindrances.ts';
import { isApplyOf } from './hold.ts';
import type { Treatment } from './proxy.ts';
import { areRenewed, askForRenewals, textsOf } from './renewals.ts';
import { RETRY_AFTER } from './retry-after.ts';
import { expiryOf } from './judge-token.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** A watch is retried within 10 s, and once more if an API server that is starting refuses it first. */
const WATCH_RETRY_MS = 30_000;

/**
 * Stops the API server, or hinders the service, when a token of one minute is due, for less time than is left until it expires, and
 * checks that it is renewed in time. Requests for renewal made afterwards are served, too.
 */
async function outlast(ground: Ground, outage: () => Promise<unknown>): Promise<void> {
  const idle = await ground.sign('idle');
  if (ground.short)
    await outage(); // to wait for a renewal takes half a minute: here the witness has to show it
  else await outlastWhenDue(ground, outage);
  await askForMore(ground, idle);
}

async function outlastWhenDue(ground: Ground, outage: () => Promise<unknown>): Promise<void> {
  const due = await ground.sign('due', { spec: ONE_MINUTE });
  const before = due.text;
  const expiresAt = expiryOf(due.token);
  await waitUntilDue([due], 1_000);
  await outage();
  const left = expiresAt - Date.now();
  const backAt = performance.now();
  ground.note(`back ${Math.round(left / 1000)} s before the expiry`);
  const isRenewed = (): boolean => due.isRenewed(before);
  await due.waitFor('a new token before the old one expires', isRenewed, Math.max(left, 1_000));
  ground.recovered(performance.now() - backAt);
}

async function askForMore(ground: Ground, jwt: TrackedJwt): Promise<void> {
  const startedAt = performance.now();
  await jwt.loseSecret({ withinMs: WATCH_RETRY_MS });
  ground.note(`watching again after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** An outage that lasts longer than the token: the service can only be fast afterwards. */
async function expireDuring(ground: Ground, outage: () => Promise<unknown>): Promise<void> {
  const jwts = await ground.signMany('due', 5, { spec: ONE_MINUTE });
  const [first] = jwts;
  const before = textsOf(jwts);
  if (first === undefined) return;
  await waitUntilDue([first], 2_000);
  const forgive = ground.arena.excuse();
  try {
    await outage();
    const backAt = performance.now();
    await first.waitFor('new tokens after the outage', () => areRenewed(jwts, before), WATCH_RETRY_MS);
    ground.recovered(performance.now() - backAt);
  } finally {
    forgive();
  }
  await askForMore(ground, first);
}

/** After a refusal, the service waits for a second at least. */
const FIRST_WAIT_MS = 1_000;

/** Counts the requests for an object: the first two of each five get the fault. */
function isUnlucky(count: number): boolean {
  return count % 5 < 2;
}

/**
 * Requests renewals for a while, and a token of one minute stays fresh, while the proxy treats requests like
 * this.
 */
async function endureTreatment(
  ground: Ground,
  seconds: number,
  treat: (count: number) => Treatment | undefined,
): Promise<void> {
  const renewing = await ground.sign('renewing', { spec: ONE_MINUTE });
  const jwts = await ground.signMany('asked', 6);
  const counts = new Map<string, number>();
  const since = Date.now();
  const stop = ground.arena.main().proxy.treat(({ isWatch, path }) => {
    if (isWatch) return undefined;
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    return treat(count);
  });
  const endsAt = Date.now() + seconds * 1_000;
  try {
    for (let round = 0; Date.now() < endsAt || round === 0; round += 1) {
      const isDone = await askForRenewals(jwts);
      const startedAt = performance.now();
      await renewing.waitFor(`round ${round}: new tokens anyway`, isDone, 45_000);
      ground.recovered(performance.now() - startedAt);
      await sleep(500);
    }
  } finally {
    ground.requireHarm(stop());
    const isAsked = (path: string): boolean => jwts.some(({ secretPath }) => secretPath === path);
    noteHindrances(ground.arena, { since, each: FIRST_WAIT_MS, fits: ({ path }) => !isAsked(path) });
  }
}

async function loseAnswer(ground: Ground, what: 'secret' | 'status'): Promise<void> {
  const jwt = await ground.sign('unanswered');
  const path = what === 'secret' ? jwt.secretPath : `${jwt.path}/status`;
  const fits = isApplyOf(path);
  let lost = 0;
  const stop = ground.arena.main().proxy.treat((seen) => {
    if (lost > 0 || !fits(seen)) return undefined;
    lost += 1;
    return { do: 'lose-answer' };
  });
  const before = await jwt.requestRenewal();
  const startedAt = performance.now();
  await jwt.waitFor('a new token', () => jwt.isRenewed(before), 15_000);
  ground.recovered(performance.now() - startedAt);
  ground.requireHarm(stop());
}

/** The answer to a write arrives after the Secret was deleted again, and after the watch event of that. */
async function answerLate(ground: Ground): Promise<void> {
  const jwt = await ground.sign('ghost');
  const fits = isApplyOf(jwt.secretPath);
  const released = Promise.withResolvers<void>();
  let held = 0;
  const stop = ground.arena.main().proxy.treat((seen) => {
    if (held > 0 || !fits(seen)) return undefined;
    held += 1;
    return { do: 'hold-answer', until: released.promise };
  });
  const before = await jwt.requestRenewal();
  await jwt.waitFor('the write', () => jwt.text !== before);
  const written = jwt.text;
  await jwt.endure('a Secret that was deleted before its writer had the answer comes back', {
    harm: async () => {
      let isReported = false;
      const unfollow = ground.arena.main().proxy.rewrite((line) => {
        isReported ||= line.includes('"DELETED"') && line.includes(`"namespace":"${ground.namespace}"`);
        return undefined;
      });
      await jwt.removeSecret();
      await waitUntil('the deletion to be passed on to the service', 20_000, () => isReported);
      unfollow();
      await sleep(100); // the service reads what was just sent
      released.resolve();
      ground.requireHarm(stop());
    },
    until: () => jwt.isRenewed(written),
  });
}

const REFUSALS = [{ status: 429, retryAfter: 1 }, { status: 500 }, { status: 503, retryAfter: 1 }] as const;
const wait = (seconds: number): Promise<void> => sleep(seconds * 1_000);

export const OUTAGES: readonly Fault[] = [
  {
    ...ALONE,
    name: 'api-server-restarted',
    title: 'API server killed and restarted at once, when a token is due',
    tries: { short: 1, full: 2 },
    play: (ground) => outlast(ground, () => ground.arena.cluster.apiServer.restart()),
  },
  {
    ...ALONE,
    name: 'api-server-down',
    title: 'API server down for 20 s, when a token is due that has 30 s left',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      outlast(ground, async () => {
        await ground.arena.cluster.apiServer.kill();
        await wait(17);
        await ground.arena.cluster.apiServer.restart();
      }),
  },
  {
    ...ALONE,
    name: 'api-server-paused',
    title: 'API server keeps its connections and does not answer for 20 s, when a token is due',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      outlast(ground, async () => {
        ground.arena.cluster.apiServer.pause();
        await wait(20);
        ground.arena.cluster.apiServer.resume();
      }),
  },
  {
    ...ALONE,
    name: 'api-server-refusing',
    title: 'connections refused for 20 s, when a token is due',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      outlast(ground, async () => {
        const isOver = beginExcuse(ground.arena.hindrances);
        const answerAgain = await ground.arena.main().proxy.refuse();
        try {
          await wait(20);
        } finally {
          await answerAgain();
          isOver();
        }
      }),
  },
  {
    ...ALONE,
    name: 'api-server-gone-for-long',
    title: 'API server down for longer than the tokens are valid: new ones soon after it is back',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      expireDuring(ground, async () => {
        await ground.arena.cluster.apiServer.kill();
        await wait(60);
        await ground.arena.cluster.apiServer.restart();
      }),
  },
  {
    ...ALONE,
    name: 'etcd-restarted',
    title: 'etcd killed and restarted, when a token is due',
    tries: { short: 0, full: 2 },
    play: (ground) => outlast(ground, () => ground.arena.cluster.etcd.restart()),
  },
  {
    ...ALONE,
    name: 'api-server-slow',
    title: 'every request takes 1.5 s longer, for 40 s',
    tries: { short: 0, full: 1 },
    play: (ground) => endureTreatment(ground, 40, () => ({ do: 'delay', ms: 1_500 })),
  },
  ...REFUSALS.map(({ status, ...rest }): Fault => ({
    isLocal: false,
    name: `answers-${status}`,
    title: `of five requests for an object, the first two are answered ${status}${'retryAfter' in rest ? ' with Retry-After' : ''}`,
    tries: { short: status === 429 ? 1 : 0, full: 1 },
    play: (ground) =>
      endureTreatment(ground, ground.short ? 0 : 35, (count) =>
        isUnlucky(count) ? { do: 'answer', status, ...rest } : undefined,
      ),
  })),
  RETRY_AFTER,
  {
    ...ALONE,
    name: 'connections-cut',
    title:
      'of five requests for an object, the first two meet a connection that breaks, one after it was done',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      endureTreatment(ground, 35, (count) =>
        isUnlucky(count) ? { do: count % 5 === 0 ? 'cut' : 'lose-answer' } : undefined,
      ),
  },
  {
    ...ALONE,
    name: 'secret-answer-lost',
    title: 'the Secret is written, but the answer gets lost',
    tries: { short: 1, full: 3 },
    play: (ground) => loseAnswer(ground, 'secret'),
  },
  {
    ...ALONE,
    name: 'status-answer-lost',
    title: 'the status is written, but the answer gets lost',
    tries: { short: 1, full: 3 },
    play: (ground) => loseAnswer(ground, 'status'),
  },
  {
    ...ALONE,
    name: 'answer-after-deletion',
    title: 'the answer to a write arrives after the Secret was deleted again',
    tries: { short: 1, full: 3 },
    play: answerLate,
  },
];
