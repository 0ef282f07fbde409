import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiAccess, askApi } from '../../controlplane/api-request.ts';
import { ASKS_FOR_TOKEN, BUSYBOX } from '../stories/science-namespace.ts';

/** The results of pods that were created one after the other, each only once. */
export interface Churn<T> {
  /** The result of `during`. */
  readonly outcome: T;
  readonly created: number;
  /** Pods that the API server refused, or created without a token. */
  readonly failures: readonly Failure[];
  /** Number of requests that the API server itself did not answer: then no creation was possible. */
  readonly unanswered: number;
  readonly slowestMs: number;
}

/** A pod that was not created, or without its token. Times in milliseconds. */
export interface Failure {
  readonly words: string;
  /** Time of the answer, by `performance.now()`. */
  readonly at: number;
  readonly tookMs: number;
}

interface Settings<T> {
  readonly access: ApiAccess;
  readonly namespace: string;
  readonly atLeast: number;
  /** Pods are created at least until this settles. */
  readonly during: Promise<T>;
}

/** Number of concurrent creations. */
export const CREATORS = 4;
const PAUSE_MS = 100; // four creators make about 30 pods a second
const ANSWERED = { timeoutMs: 30_000 }; // the API server gives up a webhook after 5 s, and the request after 60

/** A real pod that is never scheduled: only its creation is tested, and no kubelet has work. */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'churn-', annotations: ASKS_FOR_TOKEN },
  spec: {
    schedulingGates: [{ name: 'e2e/never' }],
    containers: [{ name: 'main', image: BUSYBOX }],
  },
};

/** Creates annotated pods at a constant rate, at least `atLeast` of them, and until `during` settles. */
export async function createPods<T>({ access, namespace, atLeast, during }: Settings<T>): Promise<Churn<T>> {
  const failures: Failure[] = [];
  let created = 0;
  let unanswered = 0;
  let slowestMs = 0;
  const state = { isOver: false };
  const over = during.finally(() => (state.isOver = true)); // if it fails, the creators end, too

  const create = async () => {
    while (!state.isOver || created + failures.length < atLeast) {
      const start = performance.now();
      const answer = await askApi(
        access,
        'POST',
        `/api/v1/namespaces/${namespace}/pods`,
        POD,
        ANSWERED,
      ).catch(() => undefined);
      const tookMs = performance.now() - start;
      slowestMs = Math.max(slowestMs, tookMs);
      const words = answer && explain(answer.status, answer.body);
      if (answer === undefined || (answer.status >= 500 && !answer.body.includes('webhook'))) unanswered += 1;
      else if (words === undefined) created += 1;
      else failures.push({ words, at: start + tookMs, tookMs });
      await sleep(PAUSE_MS);
    }
  };
  const [outcome] = await Promise.allSettled([over, ...Array.from({ length: CREATORS }, create)]);
  await askApi(
    access,
    'DELETE',
    `/api/v1/namespaces/${namespace}/pods?gracePeriodSeconds=0`,
    undefined,
    ANSWERED,
  );
  if (outcome.status === 'rejected') throw outcome.reason;
  return { outcome: outcome.value, created, failures, unanswered, slowestMs };
}

/** Undefined for a pod that was created with its token. */
function explain(status: number, body: string): string | undefined {
  if (status !== 201) return `${status} ${messageOf(body).slice(0, 500)}`;
  return body.includes('BEARER_TOKEN_FILE') ? undefined : 'created without its token';
}

function messageOf(body: string): string {
  try {
    const status: { message?: unknown } = JSON.parse(body);
    return String(status.message);
  } catch {
    return body;
  }
}
