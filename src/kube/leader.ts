import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import { WakeSignal } from '../time/wake-signal.ts';
import type { LeaseAccess, LeaseClaim, LeaseState } from './lease.ts';

/** The dependencies of leader election, and its callbacks. */
export interface LeaderOptions {
  readonly lease: LeaseAccess;
  readonly clock: Clock;
  /** Unique to this process: a restarted one must not take itself for its predecessor. */
  readonly identity: string;
  /** As client-go's (15 s, 10 s and 2 s there), by its rule duration > renewDeadline > 1.2 × retryPeriod. */
  readonly duration: Milliseconds;
  readonly renewDeadline: Milliseconds;
  readonly retryPeriod: Milliseconds;
  /** Leadership begins. */
  readonly onStarted: () => void;
  /** Leadership is over without `stop`; it is not sought again before the promise resolves. */
  readonly onLost: () => Promise<void>;
  /** A try failed; it is made again. */
  readonly onProblem: (error: unknown) => void;
  /** Numbers in [0, 1) for the jitter; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * How much longer a wait may be at random, in parts of it, so that standbys do not all try at once (client-go's
 * JitterFactor).
 */
const JITTER_FACTOR = 1.2;

const MIN_TRY_MS = 1_000; // also after the deadline: a process that was stopped for long may find the lease untouched

const MAX_TRANSITIONS = 2 ** 31 - 1; // `leaseTransitions` is an int32: the API server refuses one more

/** Both clocks at one moment: the wall clock may jump, the other may stand still while the machine is suspended. */
interface Moment {
  readonly now: Milliseconds;
  readonly monotonic: Milliseconds;
}

/**
 * Leader election as client-go does it: whether another's lease is over is judged by how long this process has seen
 * it unchanged, never by comparing clocks, and every write names the state that it replaces.
 */
export class Leader {
  readonly #options: LeaderOptions;
  readonly #stopping = new AbortController();
  #state: LeaseState | undefined;
  /** When the state was first seen; `undefined`: nothing is known yet. */
  #seenAt: Milliseconds | undefined;
  /** Start of the last successful write as holder. */
  #renewedAt: Moment | undefined;
  /** In this term the lease may have been over for a while: the process was stopped, or a clock stepped ahead. */
  #isInDoubt = false;
  /** The lease changed hands, or `stop` was called. */
  readonly #waking = new WakeSignal();
  #watching: { stop(): Promise<void> } | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  /**
   * Whether this process may write. Asked before each write, it leaves a request that begins now the rest of the
   * lease to arrive. Once it was in doubt it is so for the rest of the term: what is refused in that time is left to
   * the next term, which looks at everything again.
   */
  isLeader(): boolean {
    this.#noticeDoubt();
    return this.#renewedAt !== undefined && !this.#isInDoubt;
  }

  /** Begins to seek leadership. Only the first call counts, and none after `stop`. */
  start(): void {
    if (this.#running !== undefined || this.#stopping.signal.aborted) return;
    this.#watching = this.#options.lease.watch((state) => this.#see(state));
    this.#running = this.#run();
  }

  /** Gives the lease back, so that a standby takes over at once. Stop what writes first: no callback announces this. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waking.wake();
    await this.#running;
    await this.#watching?.stop();
    this.#renewedAt = undefined;
    if (this.#state?.holder !== this.#options.identity) return;
    const { transitions } = this.#state;
    try {
      // client-go's way: no holder, and nobody waits longer than a second, however they treat an empty holder.
      await this.#write({ holder: '', duration: 1_000, transitions });
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  async #run(): Promise<void> {
    const { onStarted, onLost } = this.#options;
    for (;;) {
      await this.#acquire();
      if (this.#stopping.signal.aborted) return;
      onStarted();
      await this.#hold();
      if (this.#stopping.signal.aborted) return;
      this.#renewedAt = undefined;
      this.#isInDoubt = false;
      await onLost();
    }
  }

  /** Returns as holder, or when stopped. Sends nothing while another's lease is seen to be renewed. */
  async #acquire(): Promise<void> {
    const { clock, identity, retryPeriod, random = Math.random } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const wait = this.#waitUntilFree();
      if (wait > 0) {
        await this.#sleep(wait);
        await this.#lookIfBlind();
        continue;
      }
      if (await this.#renew(this.#transitionsTo(identity))) return;
      // Not woken by the change that made this try fail.
      const pause = Math.round(retryPeriod * (1 + JITTER_FACTOR * random()));
      await clock.sleep(pause, this.#stopping.signal);
    }
  }

  /** Reads the Lease once if the watch has said nothing yet: it may have no right to, or its list may be slow. */
  async #lookIfBlind(): Promise<void> {
    if (this.#seenAt !== undefined || this.#stopping.signal.aborted) return;
    const { lease, onProblem } = this.#options;
    try {
      this.#see(await lease.read(this.#deadline()));
    } catch (error) {
      onProblem(error);
    }
  }

  /** How often the Lease will have changed hands when that holder has it. */
  #transitionsTo(holder: string): number {
    if (this.#state === undefined) return 0;
    const { transitions } = this.#state;
    if (this.#state.holder === holder) return transitions;
    return transitions >= MAX_TRANSITIONS ? 0 : transitions + 1;
  }

  /** 0: try now. */
  #waitUntilFree(): Milliseconds {
    const { clock, identity, duration } = this.#options;
    if (this.#seenAt === undefined) return duration; // until then the watch will have said it, or the Lease is read
    const { holder, duration: granted } = this.#state ?? { holder: '', duration: 0 };
    return holder === '' || holder === identity ? 0 : this.#seenAt + granted - clock.monotonic();
  }

  /** Renews until leadership is lost or in doubt, or stopped. */
  async #hold(): Promise<void> {
    const { clock, identity, retryPeriod } = this.#options;
    const holds = (): boolean =>
      !this.#stopping.signal.aborted && this.#state?.holder === identity && this.isLeader();
    // From start to start of what succeeds: two slow answers in a row still fit into the renew deadline.
    const pauseAfter = (startedAt: Milliseconds): Milliseconds =>
      Math.max(0, startedAt + retryPeriod - clock.monotonic());
    let pause = pauseAfter(this.#renewedAt?.monotonic ?? clock.monotonic());
    while (holds()) {
      await this.#sleep(pause);
      if (!holds()) return;
      const startedAt = clock.monotonic();
      pause = (await this.#renew(this.#state?.transitions ?? 0)) ? pauseAfter(startedAt) : retryPeriod;
    }
  }

  #noticeDoubt(): void {
    if (this.#renewedAt === undefined) return;
    const { clock, renewDeadline } = this.#options;
    const { now, monotonic } = this.#renewedAt;
    const elapsed = Math.max(clock.now() - now, clock.monotonic() - monotonic);
    this.#isInDoubt ||= elapsed >= renewDeadline;
  }

  /** One try to write ourselves as holder over the state last seen. */
  async #renew(transitions: number): Promise<boolean> {
    const { identity, lease, onProblem } = this.#options;
    try {
      if (await this.#claim(transitions)) return true;
      // Somebody was faster, or the answer to our own last write got lost: then there is no time to lose.
      this.#see(await lease.read(this.#deadline()));
      return this.#state?.holder === identity && (await this.#claim(transitions));
    } catch (error) {
      onProblem(error);
      return false;
    }
  }

  async #claim(transitions: number): Promise<boolean> {
    const { clock, identity, duration } = this.#options;
    const startedAt = { now: clock.now(), monotonic: clock.monotonic() };
    if (!(await this.#write({ holder: identity, duration, transitions }))) return false;
    this.#noticeDoubt();
    this.#renewedAt = startedAt;
    return true;
  }

  async #write(claim: LeaseClaim): Promise<boolean> {
    const newest = await this.#options.lease.write(claim, this.#state, this.#deadline());
    if (newest !== undefined) this.#see(newest);
    return newest?.holder === claim.holder;
  }

  /** The deadline of one request: two fit into the renew deadline, and none outlasts it for long. */
  #deadline(): Milliseconds {
    const { clock, renewDeadline } = this.#options;
    const half = renewDeadline / 2;
    if (this.#renewedAt === undefined) return half;
    const left = renewDeadline - (clock.monotonic() - this.#renewedAt.monotonic);
    return Math.max(Math.min(half, left), MIN_TRY_MS);
  }

  #see(state: LeaseState | undefined): void {
    const isFirst = this.#seenAt === undefined;
    if (!isFirst && state?.resourceVersion === this.#state?.resourceVersion) return;
    const holderBefore = this.#state?.holder;
    this.#state = state;
    this.#seenAt = this.#options.clock.monotonic();
    // A renewal only moves the time; waking up is for a change of hands.
    if (!isFirst && state?.holder === holderBefore) return;
    this.#waking.wake();
  }

  /** Ends early when the lease changes hands or on stop. */
  async #sleep(time: Milliseconds): Promise<void> {
    await this.#options.clock.sleep(time, this.#waking.signal);
  }
}
