import type { Loose } from '../integration/objects.ts';
import type { UserApi } from '../integration/user-api.ts';
import { repeat } from './repeat.ts';

/** Measurements of the pods that were created since the last call. */
export interface PodExperience {
  /** The slowest creation of an annotated pod, in milliseconds. */
  readonly longestMs: number;
  /**
   * The slowest creation of a pod that did not opt in, in milliseconds. The service never gets it: this is
   * the time of the API server alone.
   */
  readonly longestPlainMs: number;
  /** The number of annotated pods that were created with their token. */
  readonly injected: number;
  /** Descriptions of pods that were refused, or not injected as they asked. */
  readonly harms: readonly string[];
  /** Descriptions of requests that the API server did not answer: not the fault of the service. */
  readonly gaps: readonly string[];
}

/** Pods that are created all the time. */
export interface PodCreations {
  /** The measurements since the last call. */
  takeExperience(): PodExperience;
  /** Forgets everything so far, also the results of running requests. */
  forget(): void;
  /**
   * Resolves when the running creations of pods were answered, or are too late: then their results are known.
   */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** The measurements while they are made. */
interface Measured {
  longestMs: number;
  longestPlainMs: number;
  injected: number;
  harms: Set<string>;
  gaps: Set<string>;
}

const PAUSE_MS = 100; // between pods
/** Longer than any deadline. A slower answer is given up, and counts as this long. */
const ANSWER_WITHIN_MS = 30_000;

const startMeasuring = (): Measured => ({
  longestMs: 0,
  longestPlainMs: 0,
  injected: 0,
  harms: new Set(),
  gaps: new Set(),
});

/**
 * Creates and deletes pods in the namespace until stopped: with the token of the JWT, one after another, and
 * beside them without it. When the API server itself is slow, both are.
 */
export function createPods(
  api: UserApi,
  namespace: string,
  jwt: string,
  withinMs = ANSWER_WITHIN_MS,
): PodCreations {
  const [annotated, plain] = [makePod({ 'tokens.osg-htc.org/token': jwt }), makePod({})];
  const path = `/api/v1/namespaces/${namespace}/pods`;
  /** `forget` replaces it: then the results of running requests go to one that nobody reads. */
  let measured = startMeasuring();
  const createAll = (pod: Pod, field: 'longestMs' | 'longestPlainMs') => {
    let creating: Promise<void> = Promise.resolve();
    const create = async (): Promise<void> => {
      const own = measured;
      const tookMs = await createPod({ api, path, withinMs }, pod, own);
      own[field] = Math.max(own[field], tookMs);
    };
    const stop = repeat(() => {
      creating = create();
      return creating;
    }, PAUSE_MS);
    return { settle: () => creating, stop };
  };
  const loops = [createAll(annotated, 'longestMs'), createAll(plain, 'longestPlainMs')];
  return {
    takeExperience: () => {
      const taken = { ...measured, harms: [...measured.harms], gaps: [...measured.gaps] };
      Object.assign(measured, startMeasuring()); // for running requests, too
      return taken;
    },
    forget: () => {
      measured = startMeasuring();
    },
    settle: async () => void (await Promise.all(loops.map(({ settle }) => settle()))),
    stop: async () => void (await Promise.all(loops.map(({ stop }) => stop()))),
  };
}

/** Where pods are created, and how long an answer may take. */
interface Place {
  readonly api: UserApi;
  readonly path: string;
  readonly withinMs: number;
}

/** Gives the time of the creation in milliseconds, the longest one if there was no answer. */
async function createPod({ api, path, withinMs }: Place, pod: Pod, measured: Measured): Promise<number> {
  const isAnnotated = Object.keys(pod.metadata.annotations).length > 0;
  const ask = (method: string, at: string, body?: Pod) =>
    api.ask(method, at, body, AbortSignal.timeout(withinMs));
  const startedAt = performance.now();
  let tookMs = withinMs;
  try {
    const { status, body: created } = await ask('POST', path, pod);
    tookMs = performance.now() - startedAt;
    if (status !== 201) {
      measured.harms.add(`a pod was refused: ${status} ${String(created.message).slice(0, 160)}`);
      return tookMs;
    }
    const env: readonly Loose[] = created.spec.containers[0].env ?? [];
    const isInjected = env.some(({ name }) => name === 'BEARER_TOKEN_FILE');
    if (isInjected !== isAnnotated)
      measured.harms.add(`a pod was ${isInjected ? 'injected that did not ask' : 'not injected'}`);
    else if (isInjected) measured.injected += 1;
    await ask('DELETE', `${path}/${created.metadata.name}?gracePeriodSeconds=0`);
  } catch (error) {
    measured.gaps.add(`the API server did not answer: ${String(error).slice(0, 120)}`);
  }
  return tookMs;
}

type Pod = ReturnType<typeof makePod>;

function makePod(annotations: Readonly<Record<string, string>>) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'work-', annotations },
    spec: { containers: [{ name: 'main', image: 'busybox' }] },
  };
}
