import type { Recorder } from '../../../src/loop/recorder.ts';
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

/** What the controller needs to answer an event when nothing fails: a refused write is tried again after a second. */
const ANSWER_MS = 5_000;
/** The queue looks at the wall clock at least so often. */
const LOOK_MS = 60_000;
const JOURNAL: Recorder = { signed() {}, repaired() {}, conditionChanged() {}, failed() {} };

/** The cluster, two replicas of the service, and the laws that watch them, all on one virtual clock. */
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
  /** Nobody worked when time stopped last, and nothing was done since. */
  #isQuiet = false;
  #isOwnChange = false;
  /** Writes of ours that landed, those that changed nothing included. */
  writes = 0;
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
      canWork: () => this.#apiServer.isServing && this.#isWorking && this.#troubles.areOver,
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

  /** A law was broken: nothing more needs to happen. */
  get isBroken(): boolean {
    return [this.laws, this.#pace].some(({ violations }) => violations.length > 0);
  }

  get leading(): Replica | undefined {
    return this.#leader === undefined ? undefined : this.#replicas[this.#leader];
  }

  /** Somebody leads, and its process runs. */
  get #isWorking(): boolean {
    return this.leading?.term !== undefined && !this.leading.process.isPaused();
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
    if (this.#isWorking && this.#apiServer.health !== 'down') this.#pace.checkRest(this.cluster.jwts.keys());
  }

  /** Somebody does something to these JWTs, their Secrets or their keys; the answer waits for so long. */
  act(keys: Iterable<JwtKey>, action: () => void, waitMs = 0): void {
    const all = [...keys];
    this.#begin(all);
    action();
    this.laws.disturb(all, waitMs + this.#answerMs);
  }

  /** Which renewals were served stands nowhere else: one more may come of it. */
  wipeStatus(key: JwtKey): void {
    this.laws.excuse([key]);
    this.act([key], () => this.cluster.editJwt(key, { status: {} }));
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

  /** The lease changes hands. The old leader notices after `zombieMs`; its writes are refused at once. */
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
    else if (term !== undefined) old?.process.setTimer(zombieMs, () => old.endTerm(term));
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
    if (ms < 0) this.laws.clockSteppedBack();
    this.#troubles.step(this.#leader, ms);
    this.laws.disturb(JWT_KEYS, LOOK_MS + RETRY_PERIOD_MS + this.#answerMs);
  }

  /** Something keeps replicas from their work; `begin` gives how much longer than usual the answer takes then. */
  trouble(begin: (troubles: Troubles) => number): void {
    this.#begin(JWT_KEYS);
    this.laws.disturb(JWT_KEYS, begin(this.#troubles) + this.#answerMs);
  }

  /** A token that the JWT had before the current one. */
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
    return [this.laws, this.#pace].flatMap(({ violations }) => violations.splice(0));
  }

  /** Nobody works, and the leader has seen everything. */
  get #isIdle(): boolean {
    const isCurrent =
      this.leading === undefined || (this.leading.isCurrent && this.#lags[this.#leader ?? 0] === 0);
    return isCurrent && this.#crypto.pending() === 0 && !this.hasCallsUnderWay;
  }

  get hasCallsUnderWay(): boolean {
    return this.#replicas.some(({ link }) => link.inFlight > 0);
  }

  /** Something is about to happen to these JWTs: while others work or have news to get, a write too many may come of it. */
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
      recorder: JOURNAL,
      lagMs: () => this.#lags[index] ?? 0,
      isUp: () => this.#apiServer.health !== 'down',
      mayWrite: () => this.#leader === index && !this.#troubles.isInDoubt(index),
      onLook: (key) => {
        if (JWT_KEYS.some((name) => name === key)) this.#pace.look(key);
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
    if (what === 'status')
      return this.note(`status of ${key}: ${JSON.stringify(this.cluster.jwts.get(key)?.status)}`);
    if (what === 'jwt') return this.laws.patched(key, jwt);
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
    if (change.kind === 'jwt' && change.before === undefined) this.#pace.born(change.key);
    if (change.kind === 'secret' && !isKey) {
      const token = change.before?.fields.get('data/token')?.value;
      if (typeof token === 'string' && token !== change.after?.fields.get('data/token')?.value)
        this.#earlier.set(change.key, token);
    }
    for (const replica of this.#replicas) replica.see(change, this.#isOwnChange);
  }
}
