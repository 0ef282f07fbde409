import type { Journal } from '../../src/loop/journal.ts';
import { ModelCluster, type Change } from './model-cluster.ts';
import type { OrderedCrypto } from './model-crypto.ts';
import { Laws } from './model-laws.ts';
import { Link, SLOWEST_MS, type Landing, type Weather } from './model-link.ts';
import { Replica } from './model-replica.ts';
import { JWT_KEYS, KEY_SECRETS, type JwtKey } from './model-steps.ts';
import { Pace } from './model-pace.ts';
import { virtualClock } from './virtual-clock.ts';

/** What the controller needs to answer an event when all is well: a refused write is tried again after a second. */
const ANSWER_MS = 5_000;
/** More than the calls of two rounds of a slow API server. */
const SLOW_MS = 10 * SLOWEST_MS;
/** The queue looks at the wall clock at least so often. */
const LOOK_MS = 60_000;
const LONGEST_BACKOFF_MS = 300_000;

const JOURNAL: Journal = { signed() {}, repaired() {}, conditionChanged() {}, failed() {} };

/** The cluster, two replicas of the service, and the laws that watch them, all on one virtual clock. */
export class World {
  readonly clock = virtualClock();
  readonly cluster: ModelCluster;
  readonly laws: Laws;
  /** What happened, for the message of a failure. */
  readonly trace: string[] = [];
  readonly #crypto: OrderedCrypto;
  readonly #random: () => number;
  readonly #pace: Pace;
  readonly #replicas: Replica[] = [];
  readonly #lags = [0, 0];
  readonly #earlier = new Map<string, string>();
  #leader: number | undefined = 0;
  #weather: Weather = 'fair';
  #outageSince = 0;
  #recoveredBy = 0;
  #roughUntil = 0;
  #longestLag = 0;
  /** Nobody worked when time stopped last, and nothing was done since. */
  #isQuiet = false;
  #isOwnChange = false;
  /** Writes of ours that landed, those that changed nothing included. */
  writes = 0;
  /** Answers to writes that were lost. */
  lost = 0;
  /**
   * One more look is needed: a process that was killed or lost the lease had writes under way, which arrived after its
   * successor looked. (A real lease keeps the successor waiting for as long as a request may take.)
   */
  isLookDue = false;

  constructor(crypto: OrderedCrypto, random: () => number) {
    this.#crypto = crypto;
    this.#random = random;
    this.cluster = new ModelCluster((change) => this.#onChange(change));
    this.laws = new Laws(this.cluster, {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic(),
      canWork: () => this.isServing && this.leading?.term !== undefined,
    });
    this.#pace = new Pace(() => this.clock.monotonic());
    for (const index of [0, 1]) this.#replicas.push(this.#newReplica(index));
  }

  get isServing(): boolean {
    return this.#weather === 'fair' || this.#weather === 'slow';
  }

  /** A law was broken: nothing more needs to happen. */
  get isBroken(): boolean {
    return this.laws.violations.length + this.#pace.violations.length > 0;
  }

  get leading(): Replica | undefined {
    return this.#leader === undefined ? undefined : this.#replicas[this.#leader];
  }

  /** Lets time pass; each event and all that it leads to, signatures included, comes before the next. */
  async pass(ms: number): Promise<void> {
    const { clock } = this;
    const end = clock.monotonic() + ms;
    const isHalted = (): boolean => this.#crypto.pending() > 0 || this.isBroken;
    do {
      while (this.#crypto.pending() > 0) await clock.settle();
    } while (!this.isBroken && (await clock.advanceUntil(isHalted, end - clock.monotonic())));
    this.#isQuiet = this.#isIdle;
    this.laws.check();
  }

  /** Somebody does something to these JWTs, their Secrets or their keys. */
  act(keys: Iterable<JwtKey>, action: () => void): void {
    const all = [...keys];
    this.#begin(all);
    action();
    this.laws.disturb(all, this.#answerMs);
  }

  /** Which renewals were served stands nowhere else: one more may come of it. */
  wipeStatus(key: JwtKey): void {
    this.laws.excuse([key]);
    this.act([key], () => this.cluster.editJwt(key, { status: {} }));
  }

  setWeather(weather: Weather, relist: boolean): void {
    const now = this.clock.monotonic();
    const before = this.#weather;
    if (weather === before) return;
    this.laws.check();
    if (this.isServing && now > this.#recoveredBy) this.#outageSince = now;
    if (before === 'slow' || before === 'lossy') this.#roughUntil = now + SLOW_MS;
    const wasServing = this.isServing;
    this.#weather = weather;
    if (weather === 'slow' || weather === 'lossy') this.laws.prolong(SLOW_MS);
    if (before === 'down') {
      for (const replica of this.#replicas) {
        if (relist) replica.relist();
        replica.resume();
      }
    }
    // It doubles from one second on, once more where news made a round follow a failed one at once.
    const backoff = wasServing ? 0 : Math.min(2.5 * (now - this.#outageSince + 2_000), LONGEST_BACKOFF_MS);
    if (this.isServing && !wasServing) this.#recoveredBy = now + backoff + this.#answerMs;
    this.laws.disturb(JWT_KEYS, backoff + this.#answerMs);
  }

  /** The lease changes hands. The old leader notices after `zombieMs`; its fence shuts at once. */
  lead(index: number | undefined, zombieMs: number): void {
    if (index === this.#leader) return;
    this.#begin(JWT_KEYS);
    this.isLookDue ||= this.hasCallsUnderWay;
    const old = this.leading;
    const term = old?.term;
    this.#leader = index;
    if (!this.#isIdle) this.laws.excuse(JWT_KEYS);
    this.leading?.endTerm(); // of an earlier term, whose end it had not noticed
    if (term !== undefined && zombieMs === 0) old?.endTerm(term);
    else if (term !== undefined) this.clock.setTimer(zombieMs, () => old?.endTerm(term));
    this.#beginTerm();
    this.laws.disturb(JWT_KEYS, this.#answerMs);
  }

  restart(index: number): void {
    this.#begin(JWT_KEYS);
    this.isLookDue ||= this.hasCallsUnderWay;
    this.#replicas[index]?.kill();
    this.#replicas[index] = this.#newReplica(index);
    this.laws.disturb(JWT_KEYS, this.#answerMs);
  }

  relist(index: number): void {
    this.#replicas[index]?.relist();
  }

  setLag(index: number, ms: number): void {
    this.#lags[index] = ms;
    this.laws.prolong(Math.max(0, ms - this.#longestLag));
    this.#longestLag = Math.max(this.#longestLag, ms);
    this.laws.disturb(JWT_KEYS, this.#answerMs);
  }

  jump(ms: number): void {
    this.#begin(JWT_KEYS);
    this.clock.jump(ms);
    if (ms < 0) this.laws.turnBack();
    this.laws.disturb(JWT_KEYS, LOOK_MS + this.#answerMs);
  }

  /** A token that the JWT had before the present one. */
  earlierToken(key: JwtKey): string | undefined {
    return this.#earlier.get(key);
  }

  /** Ends everything; nothing may be left to happen then. */
  async stop(): Promise<void> {
    for (const replica of this.#replicas) replica.kill();
    await this.pass(SLOW_MS);
    if (this.clock.pending() > 0)
      this.laws.violations.push(`${this.clock.pending()} timers are left after the end`);
  }

  /** Violations since the last call, with what happened before. */
  takeViolations(): readonly string[] {
    return [...this.laws.violations.splice(0), ...this.#pace.violations.splice(0)];
  }

  /** Nobody works, and the leader has heard of everything. */
  get #isIdle(): boolean {
    const isCurrent =
      this.leading === undefined || (this.leading.isCurrent && this.#lags[this.#leader ?? 0] === 0);
    return isCurrent && this.#crypto.pending() === 0 && !this.hasCallsUnderWay;
  }

  get hasCallsUnderWay(): boolean {
    return this.#replicas.some(({ link }) => link.inFlight > 0);
  }

  /** Something is about to happen to these JWTs: while others work or have news to hear, a write too many may come of it. */
  #begin(keys: Iterable<JwtKey>): void {
    this.laws.check();
    if (!this.#isQuiet) this.laws.excuse(keys);
    this.#isQuiet = false;
  }

  get #roundMs(): number {
    const isRough = this.#weather === 'slow' || this.#weather === 'lossy';
    return isRough || this.clock.monotonic() < this.#roughUntil ? 6 * SLOWEST_MS : 100;
  }

  get #answerMs(): number {
    return ANSWER_MS + this.#longestLag + (this.#roundMs > 100 ? SLOW_MS : 0);
  }

  #newReplica(index: number): Replica {
    const { clock, cluster } = this;
    let replica: Replica | undefined;
    const link = new Link({
      cluster,
      clock,
      weather: () => this.#weather,
      random: this.#random,
      onLanding: (landing) => this.#land(replica, landing),
      onLost: (key) => {
        this.lost += 1;
        this.laws.excuse([key]);
      },
    });
    replica = new Replica({
      cluster,
      clock,
      link,
      journal: JOURNAL,
      lagMs: () => this.#lags[index] ?? 0,
      isUp: () => this.#weather !== 'down',
      mayWrite: () => this.#leader === index,
      onLook: (key) => {
        if (JWT_KEYS.some((name) => name === key)) this.#pace.look(key);
      },
      onNews: (count) => this.#pace.news(count),
      onSynced: () => this.#beginTerm(),
      onTerm: () => this.laws.disturb(JWT_KEYS, this.#answerMs),
      onBug: (error) => this.laws.violations.push(`a round threw ${String(error)}`),
    });
    return replica;
  }

  #beginTerm(): void {
    const replica = this.leading;
    if (replica?.isSynced === true) void replica.beginTerm();
  }

  #land(replica: Replica | undefined, { what, key, land }: Landing): void {
    this.laws.check();
    const before = this.cluster.secrets.get(key);
    this.#isOwnChange = true;
    try {
      land();
    } finally {
      this.#isOwnChange = false;
    }
    this.writes += 1;
    if (what === 'status') {
      this.note(`status of ${key}: ${JSON.stringify(this.cluster.jwts.get(key)?.status)}`);
      return;
    }
    const after = this.cluster.secrets.get(key);
    this.note(`Secret ${key}, revision ${after?.resourceVersion}`);
    this.laws.written(key, before, replica?.staleSince(this.#roundMs) ?? 0);
  }

  note(what: string): void {
    const seconds = (this.clock.monotonic() / 1000).toFixed(3);
    this.trace.push(`${seconds.padStart(10)} ${what}`);
  }

  #onChange(change: Change): void {
    const isKey = KEY_SECRETS.some((key) => key === change.key);
    if (change.kind === 'jwt' || isKey) this.laws.note(change.kind, change.key);
    if (change.kind === 'secret' && !isKey) {
      const token = change.before?.fields.get('data/token')?.value;
      if (typeof token === 'string' && token !== change.after?.fields.get('data/token')?.value)
        this.#earlier.set(change.key, token);
    }
    for (const replica of this.#replicas) replica.see(change, this.#isOwnChange);
  }
}
