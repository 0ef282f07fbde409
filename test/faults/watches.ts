import { setTimeout as sleep } from 'node:timers/promises';
import { ALONE, type Fault } from './fault.ts';
import { ONE_MINUTE, type Ground } from './ground.ts';
import { noteHindrances } from './hindrances.ts';
import type { LineRule, Proxy } from './proxy.ts';

/** The service waits so long for the answer to a write. */
const WRITE_DEADLINE_MS = 5_000;

/** The timeout of the service's silence watchdog, the pause before the next try, and a margin, in ms. */
const NOTICED_WITHIN_MS = 90_000 + 40_000;

/**
 * Deletes a Secret and creates a JWT without a report of any watch: both get a token once the service notices
 * the silence, each by its own watch. Meanwhile renewals continue.
 */
async function loseSight(ground: Ground, harm: (proxy: Proxy) => number): Promise<void> {
  const renewing = await ground.sign('renewing', { spec: ONE_MINUTE });
  const idle = await ground.sign('idle');
  const before = renewing.text;
  ground.requireHarm(harm(ground.arena.main().proxy));
  const unseen = await ground.sign('unseen', { isAwaited: false });
  const noticed = unseen.waitFor('a first token', () => unseen.isRenewed(''), NOTICED_WITHIN_MS);
  await Promise.all([idle.loseSecret({ withinMs: NOTICED_WITHIN_MS }), noticed]);
  await renewing.waitFor('a renewal meanwhile', () => renewing.text !== before);
}

/** Changes watch events for a while, during which everything that depends on a watch must still happen. */
async function mangle(ground: Ground, rule: LineRule): Promise<void> {
  const jwts = await ground.signMany('watched', 4);
  const end = ground.arena.main().proxy.rewrite(rule);
  try {
    for (const jwt of jwts) await jwt.loseSecret({ withinMs: 60_000 });
  } finally {
    ground.requireHarm(end());
  }
}

/** A rule for events of Secrets only, so that the watch of JWTs works. */
function onceInAWhile(becomes: (line: string) => ReturnType<LineRule>): LineRule {
  let number = 0;
  return (line, { path }) => {
    if (!path.endsWith('/secrets')) return undefined;
    number += 1;
    return number % 5 === 0 ? becomes(line) : undefined;
  };
}

/** Longer than a list is waited for at first. */
const SLOW_LIST_MS = 15_000;
const LISTED_WITHIN_MS = 90_000;

/**
 * The watches of Secrets expire while each list takes long to begin, as behind an API server that has gigabytes to decode: a
 * Secret that is deleted meanwhile is still seen to be missing.
 */
async function slowLists(ground: Ground): Promise<void> {
  const jwt = await ground.sign('unlisted');
  const { proxy } = ground.arena.main();
  let expired = 0;
  const end = proxy.treat(({ method, path, isWatch }) => {
    if (method !== 'GET' || path !== '/api/v1/secrets') return undefined;
    if (!isWatch) return { do: 'delay', ms: SLOW_LIST_MS };
    expired += 1;
    return expired > 2 ? undefined : { do: 'answer', status: 410 }; // of those with our label, and of all others
  });
  try {
    proxy.cutWatches();
    await jwt.loseSecret({ withinMs: LISTED_WITHIN_MS });
  } finally {
    ground.requireHarm(end(), 3);
  }
}

const EXPIRED = JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 410, reason: 'Expired' },
});

export const WATCHES: readonly Fault[] = [
  {
    ...ALONE,
    name: 'watches-silent',
    title: 'watches stay open and report nothing any more (watchdog: 90 s); then they are opened again',
    tries: { short: 0, full: 1 },
    play: (ground) => loseSight(ground, (proxy) => proxy.silenceWatches()),
  },
  {
    ...ALONE,
    name: 'connections-half-open',
    title: 'all open connections are half-open: no data in either direction, and no error',
    tries: { short: 0, full: 1 },
    play: async (ground) => {
      const since = Date.now();
      try {
        await loseSight(ground, (proxy) => proxy.freezeConnections());
      } finally {
        noteHindrances(ground.arena, { since, each: WRITE_DEADLINE_MS, fits: () => true });
      }
    },
  },
  {
    ...ALONE,
    name: 'watches-cut',
    title: 'all watches are cut, ten times in ten seconds',
    tries: { short: 0, full: 1 },
    play: async (ground) => {
      const jwt = await ground.sign('watched');
      let cut = 0;
      for (let round = 0; round < 10; round += 1) {
        cut += ground.arena.main().proxy.cutWatches();
        await sleep(1_000);
      }
      ground.requireHarm(cut, 10);
      await jwt.loseSecret({ withinMs: 60_000 });
    },
  },
  {
    ...ALONE,
    name: 'watches-refused',
    title: 'lists and watches of Secrets are refused (503) while one changes: its renewal continues',
    tries: { short: 0, full: 1 },
    play: async (ground) => {
      const jwt = await ground.sign('unwatched', { spec: ONE_MINUTE });
      const { proxy } = ground.arena.main();
      let refused = 0;
      const end = proxy.treat(({ method, path }) => {
        if (method !== 'GET' || !path.endsWith('/secrets')) return undefined;
        refused += 1;
        return { do: 'answer', status: 503 };
      });
      try {
        proxy.cutWatches();
        await jwt.waitFor('a refusal', () => refused > 0);
        await jwt.patchSecret({ metadata: { annotations: { 'example.org/note': 'changed' } } });
        const { text } = jwt;
        await jwt.waitFor('a renewal meanwhile', () => jwt.isRenewed(text), 60_000);
      } finally {
        ground.requireHarm(end());
      }
    },
  },
  {
    ...ALONE,
    name: 'lists-slow',
    title: `watches of Secrets expire, and each list takes ${SLOW_LIST_MS / 1_000} s to begin, while one is deleted`,
    tries: { short: 0, full: 1 },
    play: slowLists,
  },
  {
    ...ALONE,
    name: 'watch-events-torn',
    title: 'every fifth event of a Secret watch is cut off in the middle',
    tries: { short: 0, full: 1 },
    play: (ground) =>
      mangle(
        ground,
        onceInAWhile(() => 'cut'),
      ),
  },
  {
    ...ALONE,
    name: 'watch-events-twice',
    title: 'every event of every watch is sent twice',
    tries: { short: 0, full: 1 },
    play: (ground) => mangle(ground, (line) => [line, line]),
  },
  {
    ...ALONE,
    name: 'watch-expired',
    title: 'every fifth event of a Secret watch is the error 410 instead: the list is made again',
    tries: { short: 1, full: 2 },
    play: (ground) =>
      mangle(
        ground,
        onceInAWhile(() => [EXPIRED]),
      ),
  },
];
