import { ModelCluster, type Change } from './model-cluster.ts';
import type { OrderedCrypto } from './crypto.ts';
import { Laws } from './laws.ts';
import { Link, SLOWEST_MS, type Landing, type ApiHealth } from './link.ts';
import { Replica } from './replica.ts';
import { JWT_KEYS, KEY_SECRETS, type JwtKey } from './steps.ts';
import { Pace } from './pace.ts';
import { SLOW_MS, ApiServerState } from './api-server-state.ts';
import { RETRY_PERIOD_MS, Troubles } from './troubles.ts';
import { suspendableClock } from '../../time/suspendable-clock.ts';
import { virtualClock } from '../../time/virtual-clock.ts';

/** The controller's time to react to an event if nothing fails: a refused write is tried again after a second. */
const ANSWER_MS = 5_000;
/** The longest time between two reads of the wall clock by the queue. */
const LOOK_MS = 60_000;

/** The world of the model: a cluster, two replicas of the service, and laws that observe them, on one virtual clock. */
export class World {
  readonly clock = virtualClock();
  readonly cluster: ModelCluster;
  readonly laws: Laws;
  /** What happened, for the message of a failure. */
  readonly trace: string[] = [];
  readonly #crypto: OrderedCrypto;
  readonly #random: () => number;
  readonly #apiServer = new ApiServerState(() => this.clock.monotonic());
  readonly #pace = new Pace(() => this.clock.monotonic());
  readonly #troubles: Troubles;
  readonly #replicas: Replica[] = [];
  readonly #lags = [0, 0];
  readonly #earlier = new Map<string, string>();
  #leader: number | undefined = 0;
  #longestLag = 0;
  /** Nothing was running when time last stopped, and nothing was done since. */
  #isQuiet = false;
  #isOwnChange = false;
  /** Writes of the service that were executed, including those that changed nothing. */
  writes = 0;
  /**
   * One more round is needed: a process that was killed or lost the lease had sent writes, which arrived after its successor
   * had read the objects. (A real lease keeps the successor waiting for as long as a request can take.)
   */
  isLookDue = false;

  constructor(crypto: OrderedCrypto, random: () => number) {
    this.#crypto = crypto;
    this.#random = random;
    this.cluster = new ModelCluster((change) => this.#onChange(change));
    this.laws = new Laws(this.cluster, {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic(),
      canWork: () => this.#apiServer.isServing && this.#isWorking && this.#troubles.areOver,
      mayBeOwned: () => this.#troubles.ownersGoneMs > 0,
    });
    this.#troubles = new Troubles({
      clock: this.clock,
      random,
      replica: (index) => this.#replicas[index],
      isLeader: (index) => this.#leader === index,
      onStalled: (ms) => this.laws.prolong(ms),
      onMayBegin: () => {
        this.#pace.begin();
        this.#beginTerm();
      },
    });
    for (const index of [0, 1]) this.#replicas.push(this.#newReplica(index));
  }

  /** A law was broken: the run can end. */
  get isBroken(): boolean {
    return [this.laws, this.#pace].some(({ violations }) => violations.length > 0);
  }

  get leading(): Replica | undefined {
    return this.#leader === undefined ? undefined : this.#replicas[this.#leader];
  }

  /** Whether there is a leader, and its process runs. */
  get #isWorking(): boolean {
    return this.leading?.term !== undefined && !this.leading.process.isPaused();
  }

  /** Lets time pass. Each event and all its effects, including signatures, are complete before the next event. */
  async pass(ms: number): Promise<void> {
    const { clock } = this;
    const end = clock.monotonic() + ms;
    const isHalted = (): boolean => this.#crypto.pending() > 0 || this.isBroken;
    do {
      while (this.#crypto.pending() > 0) await clock.settle();
    } while (!this.isBroken && (await clock.advanceUntil(isHalted, end - clock.monotonic())));
    this.#isQuiet = this.#isIdle;
    this.laws.check();
    if (this.#isWorking && this.#apiServer.health !== 'down') this.#pace.checkRest(this.cluster.jwts.keys());
  }

  /** A user changes these JWTs, their Secrets or their keys; the controller has this time to react. */
  act(keys: Iterable<JwtKey>, action: () => void, waitMs = 0): void {
    const all = [...keys];
    this.#begin(all);
    action();
    this.laws.disturb(all, waitMs + this.#answerMs);
  }

  setApiHealth(health: ApiHealth, relist: boolean): void {
    const before = this.#apiServer.health;
    if (health === before) return;
    this.laws.check();
    const backoff = this.#apiServer.change(health, () => this.#answerMs);
    if (health === 'slow' || health === 'lossy') this.laws.prolong(SLOW_MS);
    if (before === 'down') {
      this.#pace.begin();
      for (const replica of this.#replicas) {
        if (relist) replica.relist();
        replica.resume();
      }
    }
    this.laws.disturb(JWT_KEYS, backoff + this.#answerMs);
  }

  /** Another replica gets the lease. The old leader notices after `zombieMs`; its writes are refused at once. */
  lead(index: number | undefined, zombieMs: number): void {
    if (index === this.#leader) return;
    this.#begin(JWT_KEYS);
    this.isLookDue ||= this.hasRunningCalls;
    const old = this.leading;
    const term = old?.term;
    this.#leader = index;
    if (!this.#isIdle) this.laws.excuse(JWT_KEYS);
    this.leading?.endTerm(); // an earlier term, whose end it had not noticed
    if (term !== undefined && zombieMs === 0) old?.endTerm(term);
    else if (term !== undefined) old?.process.setTimer(zombieMs, () => old.endTerm(term));
    this.#beginTerm();
    this.laws.disturb(JWT_KEYS, this.#answerMs);
  }

  restart(index: number): void {
    this.#begin(JWT_KEYS);
    this.isLookDue ||= this.hasRunningCalls;
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
    this.laws.clockStepped(ms);
    this.#pace.clockStepped();
    this.#troubles.step(this.#leader, ms);
    this.laws.disturb(JWT_KEYS, LOOK_MS + RETRY_PERIOD_MS + this.#answerMs);
  }

  /** Something stops the work of replicas; `begin` gives the additional time for the reaction. */
  trouble(begin: (troubles: Troubles) => number): void {
    this.#begin(JWT_KEYS);
    this.laws.disturb(JWT_KEYS, begin(this.#troubles) + this.#answerMs);
  }

  /** A token that the JWT had before the present one. */
  earlierToken(key: JwtKey): string | undefined {
    return this.#earlier.get(key);
  }

  /** Ends everything; then nothing must be scheduled any more. */
  async stop(): Promise<void> {
    for (const replica of this.#replicas) replica.kill();
    await this.pass(SLOW_MS);
    if (this.clock.pending() > 0)
      this.laws.violations.push(`${this.clock.pending()} timers are left after the end`);
  }

  /** Violations since the last call, with the events before them. */
  takeViolations(): readonly string[] {
    return [this.laws, this.#pace].flatMap(({ violations }) => violations.splice(0));
  }

  /** Whether nothing is running, and the leader has received all events. */
  get #isIdle(): boolean {
    const isCurrent =
      this.leading === undefined || (this.leading.isCurrent && this.#lags[this.#leader ?? 0] === 0);
    return isCurrent && this.#crypto.pending() === 0 && !this.hasRunningCalls;
  }

  get hasRunningCalls(): boolean {
    return this.#replicas.some(({ link }) => link.inFlight > 0);
  }

  /** These JWTs are about to be changed: while something is running or events are not delivered, one more write is allowed. */
  #begin(keys: Iterable<JwtKey>): void {
    this.laws.check();
    if (!this.#isQuiet) this.laws.excuse(keys);
    this.#isQuiet = false;
  }

  get #roundMs(): number {
    return (this.#apiServer.isSlow ? 6 * SLOWEST_MS : 100) + this.#troubles.stallMs();
  }

  get #answerMs(): number {
    return ANSWER_MS + this.#longestLag + (this.#roundMs > 100 ? SLOW_MS : 0);
  }

  #newReplica(index: number): Replica {
    const { clock, cluster } = this;
    let replica: Replica | undefined;
    const process = suspendableClock(clock);
    const link = new Link({
      cluster,
      clock,
      process,
      refuses: (call) => this.#troubles.refusalOf(call),
      keepsOwners: () => this.#troubles.keepsOwners,
      apiHealth: () => this.#apiServer.health,
      random: this.#random,
      onLanding: (landing) => this.#land(replica, landing),
      onLost: (key) => this.laws.excuse([key]),
    });
    replica = new Replica({
      cluster,
      clock,
      process,
      link,
      recorder: this.laws.lateness.recorder(() => replica?.staleSince(this.#roundMs) ?? 0),
      lagMs: () => this.#lags[index] ?? 0,
      isUp: () => this.#apiServer.health !== 'down',
      mayWrite: () => this.#leader === index && !this.#troubles.isInDoubt(index),
      onLook: (key) => {
        if (JWT_KEYS.some((name) => name === key)) this.#pace.look(key, index);
      },
      onNews: (count) => this.#pace.news(count),
      onSynced: () => this.#beginTerm(),
      onTerm: () => {
        this.#pace.begin();
        this.laws.disturb(JWT_KEYS, this.#answerMs);
      },
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
    const jwt = this.cluster.jwts.get(key);
    this.#isOwnChange = true;
    try {
      land();
    } finally {
      this.#isOwnChange = false;
    }
    this.writes += 1;
    const from = replica?.staleSince(this.#roundMs) ?? 0;
    if (what === 'jwt') return this.laws.patched(key, jwt);
    if (what === 'status') {
      this.note(`status of ${key}: ${JSON.stringify(this.cluster.jwts.get(key)?.status)}`);
      const nextAttemptAt = Date.parse(String(this.cluster.jwts.get(key)?.status['nextAttemptAt']));
      this.#pace.announced(key, nextAttemptAt - this.clock.now());
      return this.laws.statuses.written(key, jwt, from);
    }
    this.note(`Secret ${key}, revision ${this.cluster.secrets.get(key)?.resourceVersion}`);
    this.laws.written(key, before, from);
  }

  note(what: string): void {
    const seconds = (this.clock.monotonic() / 1000).toFixed(3);
    this.trace.push(`${seconds.padStart(10)} ${what}`);
  }

  #onChange(change: Change): void {
    const isKey = KEY_SECRETS.some((key) => key === change.key);
    if (change.kind === 'jwt' || isKey) this.laws.note(change.kind, change.key);
    if (change.kind === 'jwt') this.laws.statuses.jwtChanged(change, this.#isOwnChange);
    if (isKey) this.laws.statuses.keyChanged();
    if (change.kind === 'jwt' && change.before === undefined) this.#pace.born(change.key);
    if (change.kind === 'secret' && !isKey) {
      this.laws.statuses.secretChanged(change, this.#isOwnChange);
      const token = change.before?.fields.get('data/token')?.value;
      if (typeof token === 'string' && token !== change.after?.fields.get('data/token')?.value)
        this.#earlier.set(change.key, token);
    }
    for (const replica of this.#replicas) replica.see(change, this.#isOwnChange);
  }
}
