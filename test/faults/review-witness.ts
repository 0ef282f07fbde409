import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Loose } from '../integration/objects.ts';
import type { Violation } from './case-file.ts';
import { describeFlaw } from './judge-review.ts';
import type { Player } from './player.ts';
import type { Reply } from './reviewer.ts';

export interface ReviewWitnessOptions {
  /** The process that serves the webhook now. */
  readonly main: () => Pick<Player, 'wasAway'>;
  /** Sends a review to it as the API server does. Throws without an answer before the signal. */
  readonly send: (review: string, signal: AbortSignal) => Promise<Reply>;
  /** The names of the faults that are being played, for the report. */
  readonly playing: () => readonly string[];
  readonly pauseMs?: number;
  readonly answersWithinMs?: number;
}

/** What was seen until the witness was dismissed. */
export interface Testimony {
  readonly violations: readonly Violation[];
  readonly asked: number;
  readonly longestMs: number;
}

const PAUSE_MS = 500;
/** The shipped `timeoutSeconds` less half a second. */
const ANSWERS_WITHIN_MS = 4_500;
/** The first is known, the other has no JWT. */
const TOKENS = ['witness', 'unknown'] as const;

/**
 * I8: sends the review of a new pod again and again, and judges each answer. Nothing is expected while the
 * suite keeps the process from answering: it is suspended, or has to end. The returned function ends it.
 */
export function startReviewWitness({
  main,
  send,
  playing,
  pauseMs = PAUSE_MS,
  answersWithinMs = ANSWERS_WITHIN_MS,
}: ReviewWitnessOptions): () => Promise<Testimony> {
  const flaws = new Map<string, number>();
  const ending = new AbortController();
  let asked = 0;
  let longestMs = 0;
  const ask = async (token: string): Promise<void> => {
    const review = reviewOf(token);
    const player = main();
    const from = Date.now();
    const startedAt = performance.now();
    const flaw = await send(JSON.stringify(review), AbortSignal.timeout(answersWithinMs)).then(
      (reply) => describeFlaw(review, reply),
      (error: unknown) => `no answer: ${String(error)}`,
    );
    if (player.wasAway(from)) return;
    asked += 1;
    longestMs = Math.max(longestMs, performance.now() - startedAt);
    if (flaw === undefined) return;
    const what = `${playing().join(', ')}: ${flaw}`;
    flaws.set(what, (flaws.get(what) ?? 0) + 1);
  };
  const watch = async (): Promise<void> => {
    for (let turn = 0; !ending.signal.aborted; turn += 1) {
      await ask(TOKENS[turn % TOKENS.length] ?? TOKENS[0]);
      await sleep(pauseMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  return async () => {
    ending.abort();
    await watching;
    const seen = [...flaws].map(([what, times]) => (times === 1 ? what : `${what} (${times} times)`));
    if (asked === 0) seen.push('nothing was tested: no review was sent');
    return { violations: seen.map((what) => ({ invariant: 'I8', what })), asked, longestMs };
  };
}

/** The review of a pod that has volumes, mounts and variables of its own. */
export function reviewOf(token: string): Loose {
  const container = (name: string): Loose => ({
    name,
    image: 'busybox',
    env: [{ name: 'SETTING', value: 'x' }],
    volumeMounts: [{ name: 'work', mountPath: '/work' }],
  });
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'witness',
      name: 'pod',
      operation: 'CREATE',
      dryRun: true,
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'pod', namespace: 'witness', annotations: { 'tokens.osg-htc.org/token': token } },
        spec: {
          initContainers: [container('start')],
          containers: [container('first'), container('second')],
          volumes: [{ name: 'work', emptyDir: {} }],
        },
      },
    },
  };
}
