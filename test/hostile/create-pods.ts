import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Descriptions of pods that were refused, late, or not injected as they asked. */
  readonly harms: readonly string[];
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
}

const PAUSE_MS = 100; // between pods
/** Longer than any deadline: a slower answer is reported as a harm. */
const ANSWER_WITHIN_MS = 30_000;

const startMeasuring = (): Measured => ({ longestMs: 0, longestPlainMs: 0, injected: 0, harms: new Set() });

/** Creates and deletes pods in the namespace until stopped: one with the token of the JWT, one without, in turn. */
export function createPods(api: UserApi, namespace: string, jwt: string): PodCreations {
  const [annotated, plain] = [makePod({ 'tokens.osg-htc.org/token': jwt }), makePod({})];
  const path = `/api/v1/namespaces/${namespace}/pods`;
  /** `forget` replaces it: then the results of running requests go to one that nobody reads. */
  let measured = startMeasuring();
  const createBoth = async (): Promise<void> => {
    const own = measured;
    const tookMs = await createPod(api, path, annotated, own);
    own.longestMs = Math.max(own.longestMs, tookMs);
    const plainTookMs = await createPod(api, path, plain, own);
    own.longestPlainMs = Math.max(own.longestPlainMs, plainTookMs);
  };
  let creating: Promise<void> = Promise.resolve();
  const stop = repeat(() => {
    creating = createBoth();
    return creating;
  }, PAUSE_MS);
  return {
    takeExperience: () => {
      const taken = { ...measured, harms: [...measured.harms] };
      Object.assign(measured, startMeasuring()); // for running requests, too
      return taken;
    },
    forget: () => {
      measured = startMeasuring();
    },
    settle: () => Promise.race([creating, sleep(ANSWER_WITHIN_MS, undefined, { ref: false })]),
    stop,
  };
}

/** Gives the time of the creation in milliseconds, the longest one if there was no answer. */
async function createPod(api: UserApi, path: string, pod: Pod, measured: Measured): Promise<number> {
  const isAnnotated = Object.keys(pod.metadata.annotations).length > 0;
  const startedAt = performance.now();
  const late = setTimeout(
    () => measured.harms.add(`a pod was not answered within ${ANSWER_WITHIN_MS / 1000} s`),
    ANSWER_WITHIN_MS,
  );
  try {
    const { status, body: created } = await api.ask('POST', path, pod);
    const tookMs = performance.now() - startedAt;
    if (status !== 201) {
      measured.harms.add(`a pod was refused: ${status} ${String(created.message).slice(0, 160)}`);
      return tookMs;
    }
    const env: readonly Loose[] = created.spec.containers[0].env ?? [];
    const isInjected = env.some(({ name }) => name === 'BEARER_TOKEN_FILE');
    if (isInjected !== isAnnotated)
      measured.harms.add(`a pod was ${isInjected ? 'injected that did not ask' : 'not injected'}`);
    else if (isInjected) measured.injected += 1;
    await api.ask('DELETE', `${path}/${created.metadata.name}?gracePeriodSeconds=0`);
    return tookMs;
  } catch (error) {
    measured.harms.add(`a pod got no answer: ${String(error).slice(0, 120)}`);
    return ANSWER_WITHIN_MS;
  } finally {
    clearTimeout(late);
  }
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
