import { NUDGE_AFTER_MS } from '../delivery/nudge.ts';
import { REFRESHED_WITHIN } from '../resources/kubelet.ts';
import type { Failure } from '../reconcile/failure.ts';
import { objectKey, parseObjectKey } from '../resources/object-key.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { InTurn } from '../time/in-turn.ts';
import { RateLimit } from '../time/rate-limit.ts';
import { toMilliseconds, type Milliseconds } from '../time/units.ts';
import { backoffDelay, FEW_TRIES } from '../time/backoff.ts';

/**
 * The result of a nudge. `done`; `gone`: there is no such pod any more; `refused`: the API server will refuse it again until
 * somebody changes something; `failed`: it was tried often enough; `dropped`: there was no room, or so long to wait that the
 * kubelet has looked by itself.
 */
export const NUDGE_RESULTS = ['done', 'gone', 'refused', 'failed', 'dropped'] as const;
/** One word of `NUDGE_RESULTS`. */
export type NudgeResult = (typeof NUDGE_RESULTS)[number];

interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** The dependencies of a queue of nudges. */
export interface NudgeQueueOptions {
  readonly clock: Clock;
  /** The pods that mount a Secret, as `namespace/name`. */
  readonly podsOf: (namespace: string, secret: string) => ReadonlySet<string>;
  /** Nudges one pod. Throws what the API server answers; ends soon after the signal. */
  readonly nudge: (pod: PodName, signal: AbortSignal) => Promise<void>;
  /** Whether signing has more to do than it can at once: nudges take the API server's time, too. */
  readonly isSigningBehind: () => boolean;
  /** The meaning of an error that `nudge` threw; `undefined`: it is a bug. */
  readonly classify: (error: unknown) => Failure | undefined;
  /**
   * Called with the result of a pod's nudge, with the reason, if there is one; or of several nudges at once for which there was
   * no room, about their Secret.
   */
  readonly onResult: (result: NudgeResult, about: string, reason?: string, count?: number) => void;
}

/** A pod that is to be nudged. Times on the clock that never goes back. */
interface Waiting extends PodName {
  /** When its Secret was renewed. */
  readonly since: Milliseconds;
  /** How many nudges of it failed. */
  readonly tries: number;
}

/**
 * A nudge costs the API server one small write and a kubelet one look at a pod. This many in a second take 1 % of a core of ours
 * (docs/performance.md), and are no more than a single kubelet may send by default (`kubeAPIQPS`). More at once after a time
 * without any: renewals come in groups, and a second is long for somebody who waits.
 */
const RATE = { aSecond: 50, atOnce: 100 };
/** The most nudges at a time: a slow API server must not have more of ours to do than signing gives it (32 workers). */
const MAX_UNDER_WAY = 4;
/** While signing is behind: both end in writes of the API server, and a token matters more than how soon it is seen. */
const UNDER_WAY_BESIDE_SIGNING = 1;
/** How many pods there is time for before the kubelet looks by itself. */
const MAX_WAITING = RATE.aSecond * REFRESHED_WITHIN;
const NO_ROOM = 'too many pods wait';
const NUDGE_TRIES = 3;

/**
 * Nudges the pods of Secrets with a new token: each pod once for all of its Secrets that are renewed while it waits, the
 * namespaces in turn. It has its own pace and never holds up anybody; what it cannot do, the kubelet does a little later.
 * Nothing is nudged before `start`.
 */
export class NudgeQueue {
  readonly #options: NudgeQueueOptions;
  readonly #abort = new AbortController();
  /** When Secrets were renewed, the oldest first. */
  readonly #renewed = new Map<string, Milliseconds>();
  readonly #waiting = new InTurn<Waiting>({ most: MAX_WAITING, mostOfOwner: MAX_WAITING / 2 });
  /** Pods whose nudge failed, and when it is tried again. */
  readonly #failed = new Map<Waiting, Milliseconds>();
  readonly #running = new Set<Promise<void>>();
  readonly #rate = new RateLimit(RATE);
  #isStarted = false;
  #timer: Timer | undefined;

  constructor(options: NudgeQueueOptions) {
    this.#options = options;
  }

  /** A new token is in the Secret of this name. Returns at once. */
  renewed(namespace: string, secret: string): void {
    if (this.#abort.signal.aborted) return;
    const key = objectKey({ namespace, name: secret });
    if (!this.#renewed.delete(key) && this.#renewed.size >= MAX_WAITING) {
      this.#options.onResult('dropped', key, 'too many Secrets wait');
      return;
    }
    this.#renewed.set(key, this.#options.clock.monotonic());
    this.#schedule();
  }

  /** The pods of all Secrets are known. */
  start(): void {
    this.#isStarted = true;
    this.#schedule();
  }

  /** Drops the nudges that wait and aborts the running ones. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#timer?.cancel();
    await Promise.all(this.#running);
  }

  /** Does what can be done now, and sets the timer for what comes next. */
  #work(): void {
    const now = this.#options.clock.monotonic();
    this.#gather(now);
    while (this.#hasCapacity() && this.#rate.waitAt(now) === 0) {
      const next = this.#waiting.take();
      if (next === undefined) break;
      if (now - next.since > toMilliseconds(REFRESHED_WITHIN)) {
        this.#options.onResult(
          'dropped',
          objectKey(next),
          'it waited longer than the kubelet takes to update the token',
        );
        continue;
      }
      this.#rate.take();
      const sent = this.#send(next).finally(() => {
        this.#running.delete(sent);
        this.#schedule();
      });
      this.#running.add(sent);
    }
    this.#schedule();
  }

  #hasCapacity(): boolean {
    const most = this.#options.isSigningBehind() ? UNDER_WAY_BESIDE_SIGNING : MAX_UNDER_WAY;
    return this.#running.size < most;
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const wait = this.#nextWait();
    if (wait !== undefined) this.#timer = this.#options.clock.setTimer(wait, () => this.#work());
  }

  /** How long there is nothing to do; `undefined`: until something else happens. */
  #nextWait(): Milliseconds | undefined {
    if (!this.#isStarted || this.#abort.signal.aborted) return undefined;
    const now = this.#options.clock.monotonic();
    const waits: Milliseconds[] = [];
    const [oldest] = this.#renewed.values();
    if (oldest !== undefined) waits.push(oldest + NUDGE_AFTER_MS - now);
    for (const retryAt of this.#failed.values()) waits.push(retryAt - now);
    if (this.#waiting.size > 0 && this.#hasCapacity()) waits.push(this.#rate.waitAt(now));
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  /** Finds the pods of Secrets that were renewed long enough ago. */
  #gather(now: Milliseconds): void {
    for (const [key, renewedAt] of this.#renewed) {
      if (now - renewedAt < NUDGE_AFTER_MS) break;
      this.#renewed.delete(key);
      this.#addPodsOf(key, renewedAt);
    }
    for (const [pod, retryAt] of this.#failed) {
      if (retryAt > now) continue;
      this.#failed.delete(pod);
      if (!this.#waiting.add(pod.namespace, pod.name, pod))
        this.#options.onResult('dropped', objectKey(pod), NO_ROOM);
    }
  }

  /** Pods for which there is no room are not even read: a Secret may have a hundred thousand. */
  #addPodsOf(key: string, since: Milliseconds): void {
    const { namespace, name: secret } = parseObjectKey(key);
    const pods = this.#options.podsOf(namespace, secret);
    for (const pod of pods) {
      const { name } = parseObjectKey(pod);
      if (!this.#waiting.add(namespace, name, { namespace, name, since, tries: 0 })) break;
    }
    let waiting = 0;
    for (const pod of this.#waiting.of(namespace)) if (pods.has(objectKey(pod))) waiting += 1;
    if (waiting < pods.size) this.#options.onResult('dropped', key, NO_ROOM, pods.size - waiting);
  }

  async #send(pod: Waiting): Promise<void> {
    const { nudge, onResult } = this.#options;
    try {
      await nudge(pod, this.#abort.signal);
      onResult('done', objectKey(pod));
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#fail(pod, error);
    }
  }

  #fail({ tries, ...pod }: Waiting, error: unknown): void {
    const { classify, onResult, clock } = this.#options;
    const failure = classify(error);
    const reason = describeNudgeFailure(failure);
    if (failure?.meaning === 'absent' || failure?.meaning === 'terminating') {
      onResult('gone', objectKey(pod));
      return;
    }
    const pause = Math.max(
      backoffDelay(FEW_TRIES, tries + 1, () => 0),
      failure?.retryAfter ?? 0,
    );
    const retryAt = clock.monotonic() + pause;
    const isLate = retryAt - pod.since > toMilliseconds(REFRESHED_WITHIN);
    if (failure?.refusal !== undefined) onResult('refused', objectKey(pod), reason);
    else if (failure === undefined || tries + 1 === NUDGE_TRIES || isLate)
      onResult('failed', objectKey(pod), reason);
    else this.#failed.set({ ...pod, tries: tries + 1 }, retryAt);
  }
}

/** Describes the failure without a response body; why the API server refuses it, if it said that. */
function describeNudgeFailure(failure: Failure | undefined): string {
  if (failure === undefined) return 'an internal error';
  const { message, refusal } = failure;
  return refusal === undefined || refusal.kind === 'other'
    ? message
    : `${message} (${`${refusal.kind} ${refusal.subject}`.trimEnd()})`;
}
