import { namespaceOfKey } from '../resources/object-key.ts';
import type { Milliseconds } from '../time/units.ts';
import { FairHeap, type NamespaceTest } from './fair-heap.ts';
import { KeyedHeap } from './keyed-heap.ts';
import type { Urgency } from './urgency.ts';

/** The longest wait of a key while everything can be done. */
const SOON_MS: Milliseconds = 1_000;
/** While keys wait longer, one of this many turns goes to the namespace that had the fewest. */
const SHARED_TURNS_EACH = 2;
/** But not as long as the namespace of the most urgent key had no more turns than these beyond it. */
const TURNS_APART = 3;
/** One of this many turns goes to a key that has waited too long, if there is one. */
const IMPATIENT_TURNS_EACH = 8;
/** Keys that are found to have waited too long at once, so that a hundred thousand do not hold the event loop: some 1 ms. */
const MAX_NOTICED = 500;

/** The key whose turn it is. */
export interface NextKey {
  readonly key: string;
  readonly urgency: Urgency;
  /**
   * Why: it is the most urgent of all, or of the namespace that had the fewest turns, or the one that has waited too long for the
   * longest time.
   */
  readonly turn: 'urgent' | 'shared' | 'impatient';
}

/** A key that has waited too long. All have the same rank: their namespaces share, however urgent they are. */
interface Impatient {
  readonly rank: 0;
  readonly patientUntil: Milliseconds;
  readonly sequence: number;
}

/**
 * The keys that wait in a lane. As long as none waits for more than a second, or each namespace had its turns, the most urgent is
 * next. Otherwise there is more to do than can be done, and others may be more urgent without end, since they are always late.
 * So every other turn goes to the namespace that had the fewest lately, by whichever turns; those in other lanes count a little.
 * There, too, what is due goes first: so one of eight turns goes to the key that has waited too long for the longest time.
 * Namespaces share these turns, apart from the others.
 *
 * An example: a thousand renewals of `many` are late, `few` has a new one, and in `few` a JWT waits for a resync. The renewals
 * of `many` get every other turn, and that of `few` the next of those between. The resync gets its turn after some seconds.
 */
export class WaitingKeys<T extends Urgency> {
  /** Each key is in these. */
  readonly #byNamespace: FairHeap<T>;
  readonly #bySince = new KeyedHeap<Urgency>((a, b) => a.since < b.since);
  /** Each key is in one of these, too. */
  readonly #patient = new KeyedHeap<Urgency>(waitsLonger);
  readonly #impatient = new FairHeap<Impatient>(waitsLonger);
  #now: Milliseconds = 0;
  /** Turns from the last one that was shared on. */
  #sinceShared = SHARED_TURNS_EACH;
  /** Turns from the last one on that a key had because it had waited too long. */
  #sinceImpatient = IMPATIENT_TURNS_EACH;

  /** `before(a, b)`: whether `a` is more urgent than `b`. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#byNamespace = new FairHeap(before);
  }

  get size(): number {
    return this.#byNamespace.size;
  }

  get(key: string): T | undefined {
    return this.#byNamespace.get(key);
  }

  set(key: string, item: T): void {
    this.#impatient.delete(key);
    this.#byNamespace.set(key, item);
    this.#bySince.set(key, item);
    this.#patient.set(key, item);
  }

  delete(key: string): void {
    this.#byNamespace.delete(key);
    this.#bySince.delete(key);
    this.#patient.delete(key);
    this.#impatient.delete(key);
  }

  /** A round of this namespace has begun in another lane. */
  chargeElsewhere(namespace: string): void {
    this.#byNamespace.chargeElsewhere(namespace);
  }

  /** Finds out which keys have waited for long, and too long, by now (monotonic clock). */
  noticeTime(now: Milliseconds): void {
    this.#now = now;
    for (let noticed = 0; noticed < MAX_NOTICED; noticed += 1) {
      const key = this.#patient.firstKey();
      const first = this.#patient.first();
      if (key === undefined || first === undefined || first.patientUntil > now) return;
      const { patientUntil, sequence } = first;
      this.#patient.delete(key);
      this.#impatient.set(key, { rank: 0, patientUntil, sequence });
    }
  }

  /** Whether a key has waited too long, at the time that `noticeTime` was called with last. */
  get hasImpatient(): boolean {
    return this.#impatient.size > 0;
  }

  /** The key whose turn it is, of the namespaces that have room; `undefined`: none waits there. */
  next(hasRoom?: NamespaceTest): NextKey | undefined {
    const isTurnOfImpatient = this.#sinceImpatient >= IMPATIENT_TURNS_EACH;
    const impatient = isTurnOfImpatient ? this.#impatient.firstKey(hasRoom) : undefined;
    if (impatient !== undefined) return this.#nextAt(impatient, 'impatient');
    const urgent = this.#byNamespace.mostUrgentKey(hasRoom);
    const shared = this.#byNamespace.firstKey(hasRoom);
    if (urgent === undefined || shared === undefined) return undefined;
    return this.#isTurnOf(shared, urgent) ? this.#nextAt(shared, 'shared') : this.#nextAt(urgent, 'urgent');
  }

  #isTurnOf(shared: string, urgent: string): boolean {
    const { since = this.#now } = this.#bySince.first() ?? {};
    if (this.#now - since <= SOON_MS || this.#sinceShared < SHARED_TURNS_EACH) return false;
    return this.#byNamespace.turnsOf(urgent) - this.#byNamespace.turnsOf(shared) > TURNS_APART;
  }

  #nextAt(key: string, turn: NextKey['turn']): NextKey | undefined {
    const urgency = this.#byNamespace.get(key);
    return urgency === undefined ? undefined : { key, urgency, turn };
  }

  /** Takes out the key, whose turn it was: a round of its namespace begins. */
  take({ key, turn }: NextKey): void {
    this.#sinceShared = turn === 'shared' ? 1 : this.#sinceShared + 1;
    this.#sinceImpatient = turn === 'impatient' ? 1 : this.#sinceImpatient + 1;
    this.delete(key);
    const namespace = namespaceOfKey(key);
    this.#byNamespace.charge(namespace);
    if (turn === 'impatient') this.#impatient.charge(namespace);
  }
}

function waitsLonger(
  a: Pick<Urgency, 'patientUntil' | 'sequence'>,
  b: Pick<Urgency, 'patientUntil' | 'sequence'>,
): boolean {
  return a.patientUntil < b.patientUntil || (a.patientUntil === b.patientUntil && a.sequence < b.sequence);
}
