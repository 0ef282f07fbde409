import { Leader } from '../../src/kube/leader.ts';
import type { LeaseAccess, LeaseState } from '../../src/kube/lease.ts';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { suspendableClock } from '../time/suspendable-clock.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';

const MAX_INT32 = 2 ** 31 - 1;

/** One Lease object as the API server stores it: a write must name the resourceVersion that it replaces. */
export class FakeLease {
  state: LeaseState | undefined;
  /** The error of each write. */
  refusal: Error | undefined;
  /** Called after each write, before its answer. */
  onWritten: (() => void) | undefined;
  readonly watchers = new Set<(state: LeaseState | undefined) => void>();
  #version = 0;

  write(claim: Pick<LeaseState, 'holder' | 'duration' | 'transitions'>, over: LeaseState | undefined) {
    if (this.refusal !== undefined) throw this.refusal;
    if (over?.resourceVersion !== this.state?.resourceVersion) return undefined;
    if (claim.transitions > MAX_INT32) throw new Error('400 BadRequest');
    this.#version += 1;
    this.state = { ...claim, acquireTime: undefined, resourceVersion: `${this.#version}` };
    for (const notify of this.watchers) notify(this.state);
    this.onWritten?.();
    return this.state;
  }

  delete(): void {
    this.state = undefined;
    for (const notify of this.watchers) notify(undefined);
  }
}

/** A process that wants to become leader, with everything that can go wrong for it. */
export interface Candidate {
  readonly leader: Leader;
  /** Number of requests sent. */
  readonly sent: () => number;
  readonly events: string[];
  readonly problems: unknown[];
  /** All requests fail, and the watch reports nothing. */
  down: boolean;
  /** Requests arrive, answers do not. */
  mute: boolean;
  /** The watch reports nothing: it may neither list nor watch Leases, or a list takes too long. Set before the start. */
  blind: boolean;
  /** Time of each request in milliseconds. */
  latencyMs: number;
  /** Added to this machine's wall clock. */
  skewMs: number;
  /** Stops the process, as SIGSTOP does, or the whole machine including its monotonic clock. */
  pause(what: 'process' | 'machine'): void;
  resume(): void;
  readonly paused: () => boolean;
}

/** Random numbers that are the same in each run, and differ between candidates. */
function randomOf(identity: string): () => number {
  return randomNumbers(Buffer.from(identity).reduce((sum, byte) => 31 * sum + byte, 0));
}

/** Uses client-go's 15 s, 10 s and 2 s. It is not started. */
export function createCandidate(
  lease: FakeLease,
  time: VirtualClock,
  identity: string,
  random = randomOf(identity),
): Candidate {
  let sent = 0;
  const clock = suspendableClock(time, () => candidate.skewMs);
  const request = async <T>(deadline: number, action: () => T): Promise<T> => {
    sent += 1;
    if (candidate.down || candidate.latencyMs > deadline) {
      await clock.sleep(deadline);
      throw new Error('deadline');
    }
    await clock.sleep(candidate.latencyMs / 2);
    const answer = action();
    if (candidate.mute) {
      await clock.sleep(deadline);
      throw new Error('deadline');
    }
    await clock.sleep(candidate.latencyMs / 2);
    return answer;
  };
  const access: LeaseAccess = {
    watch: (onSeen) => {
      const notify = (state: LeaseState | undefined): void => {
        if (candidate.down || candidate.mute || candidate.blind) return; // if it misses an event, the next event or conflict has the same effect
        clock.setTimer(candidate.latencyMs / 2 + 1, () => onSeen(state));
      };
      lease.watchers.add(notify);
      notify(lease.state);
      return { stop: async () => void lease.watchers.delete(notify) };
    },
    read: (deadline) => request(deadline, () => lease.state),
    write: (claim, over, deadline) => request(deadline, () => lease.write(claim, over)),
  };
  const candidate: Candidate = {
    leader: new Leader({
      lease: access,
      clock,
      identity,
      duration: 15_000,
      renewDeadline: 10_000,
      retryPeriod: 2_000,
      random,
      onStarted: () => candidate.events.push('started'),
      onLost: async () => void candidate.events.push('lost'),
      onProblem: (error) => candidate.problems.push(error),
    }),
    sent: () => sent,
    events: [],
    problems: [],
    down: false,
    mute: false,
    blind: false,
    latencyMs: 10,
    skewMs: 0,
    pause: (what) => clock.pause(what),
    resume: () => clock.resume(),
    paused: () => clock.isPaused(),
  };
  return candidate;
}
