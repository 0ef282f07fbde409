import { setTimeout as sleep } from 'node:timers/promises';
import type { Loose } from '../integration/objects.ts';
import { openUserApi } from '../integration/user-api.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Target } from './attack.ts';
import { keySecret, makeJwt } from './objects.ts';

/** The neighbour's measurements since the last call. */
export interface Experience {
  /** The slowest creation of an annotated pod, in milliseconds. */
  readonly longestMs: number;
  /**
   * The slowest creation of a pod that did not opt in, in milliseconds. The service never gets it: this is
   * the time of the API server alone.
   */
  readonly longestPlainMs: number;
  readonly pods: number;
  /**
   * Descriptions of pods that were refused or not injected, and of tokens that were expired, missing or
   * unreadable.
   */
  readonly harms: readonly string[];
}

/**
 * A tenant who does nothing wrong, in a namespace of their own. It creates annotated pods, and has JWTs whose
 * tokens live for a minute.
 */
export interface Neighbour {
  /** The measurements since the last call. */
  takeExperience(): Experience;
  /** Forgets everything so far, also the results of running requests. */
  forget(): void;
  /**
   * Resolves when the running creations of pods were answered, or are too late: then their results are known.
   */
  settle(): Promise<void>;
  /**
   * For a service that is ready again and whose start began at `since` (`performance.now()`). As `forget`,
   * but also waits, at most `withinMs`, for new tokens in the place of expired ones. It is a harm if they do
   * not come.
   */
  recover(since: number, withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

const JWTS = 10;
const PAUSE_MS = 100; // between pods
const LOOK_MS = 500; // between two reads of the tokens
const READY_WITHIN_MS = 30_000;
/** Longer than any deadline: a slower answer is reported as a harm. */
const ANSWER_WITHIN_MS = 30_000;

const pod = (annotations: Loose): Loose => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'work-', annotations },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
});
const ANNOTATED = pod({ 'tokens.osg-htc.org/token': 'token-0' });
const PLAIN = pod({});

export async function startNeighbour({
  api: access,
  namespace,
}: Pick<Target, 'api' | 'namespace'>): Promise<Neighbour> {
  const api = await openUserApi(access);
  const core = `/api/v1/namespaces/${namespace}`;
  const jwts = `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts`;
  const stopping = new AbortController();
  let longestMs = 0;
  let longestPlainMs = 0;
  let pods = 0;
  let harms: string[] = [];
  let forgotten = 0;
  let creating: Promise<void> = Promise.resolve();
  /** When a new token was last seen, by `performance.now()`. */
  let renewedAt = 0;
  let holdsExpired = false;
  let mayBeExpired = false;
  const seen = new Map<string, string>();

  /** The returned function says whether a request that begins now still counts. */
  const begin = (): (() => boolean) => {
    const era = forgotten;
    return () => era === forgotten && !stopping.signal.aborted;
  };
  const addHarm = (what: string): void => {
    if (!harms.includes(what)) harms.push(what);
  };
  /** Gives the time of the creation; `undefined` if there was no answer. */
  const createPod = async (
    body: Loose,
    isInjected: boolean,
    counts: () => boolean,
  ): Promise<number | undefined> => {
    const harm = (what: string): void => {
      if (counts()) addHarm(what);
    };
    const startedAt = performance.now();
    const late = setTimeout(
      () => harm(`a pod was not answered within ${ANSWER_WITHIN_MS / 1000} s`),
      ANSWER_WITHIN_MS,
    );
    try {
      const { status, body: created } = await api.ask('POST', `${core}/pods`, body);
      const took = performance.now() - startedAt;
      if (status !== 201) {
        harm(`a pod was refused: ${status} ${String(created.message).slice(0, 160)}`);
        return took;
      }
      const env: readonly Loose[] = created.spec.containers[0].env ?? [];
      if (env.some(({ name }) => name === 'BEARER_TOKEN_FILE') !== isInjected) harm('a pod was not injected');
      await api.ask('DELETE', `${core}/pods/${created.metadata.name}?gracePeriodSeconds=0`);
      return took;
    } catch (error) {
      harm(`a pod got no answer: ${String(error).slice(0, 120)}`);
      return undefined;
    } finally {
      clearTimeout(late);
    }
  };
  const createBoth = async (): Promise<void> => {
    const counts = begin();
    const tookMs = (await createPod(ANNOTATED, true, counts)) ?? ANSWER_WITHIN_MS;
    if (counts()) longestMs = Math.max(longestMs, tookMs);
    const plainTookMs = (await createPod(PLAIN, false, counts)) ?? ANSWER_WITHIN_MS;
    if (counts()) longestPlainMs = Math.max(longestPlainMs, plainTookMs);
    if (counts()) pods += 1;
  };
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      creating = createBoth();
      await creating;
      await sleep(PAUSE_MS);
    }
  };
  const lookAtTokens = async (counts: () => boolean): Promise<number> => {
    const askedAt = Date.now(); // the answer can be late, and describe a later state
    const { status, body } = await api.ask('GET', `${core}/secrets`);
    if (status !== 200) throw new Error(`${status} ${String(body.message).slice(0, 160)}`);
    const items: readonly Loose[] = body.items ?? [];
    const held = items.filter(
      ({ data, metadata }) => data?.token !== undefined && metadata.name.startsWith('token-'),
    );
    const expired: string[] = [];
    for (const { metadata, data } of held) {
      const text = Buffer.from(data.token, 'base64').toString();
      const { exp } = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
      if (exp * 1000 < askedAt) expired.push(metadata.name);
      if (seen.get(metadata.name) !== text) renewedAt = performance.now();
      seen.set(metadata.name, text);
    }
    holdsExpired = expired.length > 0;
    if (counts() && !mayBeExpired) for (const name of expired) addHarm(`${name} held an expired token`);
    return held.length;
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const counts = begin();
      try {
        const held = await lookAtTokens(counts);
        if (held !== JWTS && counts()) addHarm(`${JWTS - held} of ${JWTS} Secrets have no token`);
      } catch (error) {
        if (counts()) addHarm(`Secrets could not be read: ${String(error).slice(0, 120)}`);
      }
      await sleep(LOOK_MS);
    }
  };

  await api.ask('POST', `${core}/secrets`, keySecret('key'));
  for (let number = 0; number < JWTS; number += 1) await api.ask('POST', jwts, makeJwt(`token-${number}`));
  await waitUntil('the first tokens', READY_WITHIN_MS, async () => (await lookAtTokens(begin())) === JWTS);
  const running = Promise.all([work(), watch()]);
  const takeExperience = (): Experience => {
    const experience = { longestMs, longestPlainMs, pods, harms };
    longestMs = 0;
    longestPlainMs = 0;
    pods = 0;
    harms = [];
    return experience;
  };
  const forget = (): void => {
    forgotten += 1;
    takeExperience();
  };
  return {
    takeExperience,
    forget,
    settle: () => Promise.race([creating, sleep(ANSWER_WITHIN_MS, undefined, { ref: false })]),
    recover: async (since, withinMs) => {
      forget();
      mayBeExpired = true;
      const lastLook = performance.now() + withinMs;
      const isRenewed = (): boolean => renewedAt >= since;
      const isWell = (): boolean => isRenewed() && !holdsExpired;
      while (!isWell() && performance.now() < lastLook) await sleep(LOOK_MS);
      mayBeExpired = false;
      if (!isRenewed()) addHarm(`no token was renewed within ${withinMs / 1000} s of a new start`);
    },
    stop: async () => {
      stopping.abort();
      await running;
      api.close();
    },
  };
}
