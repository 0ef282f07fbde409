import { openUserApi } from '../integration/user-api.ts';
import type { Target } from './attack.ts';
import { createPods, type PodCreations, type PodExperience } from './create-pods.ts';
import { keySecret, makeJwt } from './objects.ts';
import type { Lateness } from './token-record.ts';
import { watchTokens, type TokenWatch } from './watch-tokens.ts';

/** The neighbour's measurements since the last call. The harms and gaps are those of pods and of tokens. */
export interface Experience extends PodExperience, Lateness {}

/**
 * A tenant who does nothing wrong, in a namespace of their own. It creates annotated pods, and has JWTs whose
 * tokens live for a minute.
 */
export interface Neighbour extends Pick<PodCreations, 'settle'>, Pick<TokenWatch, 'recover'> {
  /** The measurements since the last call. */
  takeExperience(): Experience;
  /** Forgets everything so far, also the results of running requests. */
  forget(): void;
  stop(): Promise<void>;
}

const JWTS = Array.from({ length: 10 }, (_, number) => `token-${number}`);
const [FIRST_JWT = ''] = JWTS;

/** Resolves when its tokens are there. */
export async function startNeighbour({
  api: access,
  namespace,
}: Pick<Target, 'api' | 'namespace'>): Promise<Neighbour> {
  const api = await openUserApi(access);
  await api.ask('POST', `/api/v1/namespaces/${namespace}/secrets`, keySecret('key'));
  const path = `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts`;
  for (const name of JWTS) await api.ask('POST', path, makeJwt(name));
  const tokens = await watchTokens(api, namespace, JWTS);
  const pods = createPods(api, namespace, FIRST_JWT);
  return {
    takeExperience: () => {
      const measured = pods.takeExperience();
      return {
        ...measured,
        ...tokens.takeLateness(),
        harms: [...measured.harms, ...tokens.takeHarms()],
        gaps: [...measured.gaps, ...tokens.takeGaps()],
      };
    },
    forget: () => {
      pods.forget();
      tokens.forget();
    },
    settle: async () => {
      await Promise.all([pods.settle(), tokens.settle()]);
    },
    recover: (since, withinMs) => {
      pods.forget();
      return tokens.recover(since, withinMs);
    },
    stop: async () => {
      await Promise.all([pods.stop(), tokens.stop()]);
      api.close();
    },
  };
}
