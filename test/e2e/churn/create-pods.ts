import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiAccess, askApi } from '../../controlplane/api-request.ts';
import { ASKS_FOR_TOKEN, BUSYBOX } from '../stories/science-namespace.ts';

/** What came of pods that were created one after the other, none of them twice. */
export interface Churn<T> {
  /** What happened meanwhile gives. */
  readonly outcome: T;
  readonly created: number;
  /** Pods that the API server refused, or created without a token. */
  readonly failures: readonly Failure[];
  /** Requests that the API server itself did not answer: nobody could have created anything. */
  readonly unanswered: number;
  readonly slowestMs: number;
}

/** A pod that was not created, or without its token. Times in milliseconds. */
export interface Failure {
  readonly words: string;
  /** When the answer came, by `performance.now()`. */
  readonly at: number;
  readonly tookMs: number;
}

interface Settings<T> {
  readonly access: ApiAccess;
  readonly namespace: string;
  readonly atLeast: number;
  /** Pods are created until it is settled, too. */
  readonly during: Promise<T>;
}

/** The number of creations under way at once. */
export const CREATORS = 4;
const PAUSE_MS = 100; // four creators come to 30 pods a second or so
const ANSWERED = { timeoutMs: 30_000 }; // the API server gives up a webhook after 5 s, and itself after 60

/** A real pod that no node ever gets: what is tried is its creation, and no kubelet has to keep up. */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'churn-', annotations: ASKS_FOR_TOKEN },
  spec: {
    schedulingGates: [{ name: 'e2e/never' }],
    containers: [{ name: 'main', image: BUSYBOX }],
  },
};

/** Creates annotated pods at a steady pace, at least `atLeast` of them and as long as something is `during`. */
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
