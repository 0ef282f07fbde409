import type { Milliseconds } from '../time/units.ts';
import { FairHeap } from './fair-heap.ts';
import { KeyedHeap } from './keyed-heap.ts';
import type { Urgency } from './urgency.ts';

/** One of this many turns belongs to a key that has waited too long, if there is one. */
const TURNS_EACH = 8;

/** A key that has waited too long. All have the same rank: their namespaces share, however urgent they are. */
interface Impatient {
  readonly rank: 0;
  readonly patientUntil: Milliseconds;
  readonly sequence: number;
}

/**
 * The keys that wait in a lane. The most urgent is next, as namespaces share (`FairHeap`). But more urgent ones may come without
 * end: of eight turns, one goes to the key that has waited too long for the longest time. Namespaces share these turns, too,
 * apart from the others.
 */
export class WaitingKeys<T extends Urgency> {
  readonly #byUrgency: FairHeap<T>;
  /** Each key is in one of these, too. */
  readonly #patient = new KeyedHeap<Urgency>(waitsLonger);
  readonly #impatient: FairHeap<Impatient>;
  /** Turns since a key had one because it had waited too long. */
  #turns = TURNS_EACH;

  /** As of `FairHeap`. */
  constructor(before: (a: T, b: T) => boolean, turnsApart: number) {
    this.#byUrgency = new FairHeap(before, turnsApart);
    this.#impatient = new FairHeap<Impatient>(waitsLonger, turnsApart);
  }

  get size(): number {
    return this.#byUrgency.size;
  }

  /** Forgets half of the turns that each namespace had by urgency, unless all are few. */
  forgetHalf(): void {
    this.#byUrgency.forgetHalf();
  }

  /** Whether a key has waited too long, at the time that `noticeTime` was called with last. */
  get hasImpatient(): boolean {
    return this.#impatient.size > 0;
  }

  /** Whether `first` is the key that has waited too long for the longest time, however urgent others are. */
  get isTurnOfImpatient(): boolean {
    return this.hasImpatient && this.#turns >= TURNS_EACH;
  }

  get(key: string): T | undefined {
    return this.#byUrgency.get(key);
  }

  set(key: string, item: T): void {
    this.#impatient.delete(key);
    this.#byUrgency.set(key, item);
    this.#patient.set(key, item);
  }

  delete(key: string): void {
    this.#byUrgency.delete(key);
    this.#patient.delete(key);
    this.#impatient.delete(key);
  }

  /** Finds out which keys have waited too long by now (monotonic clock). */
  noticeTime(now: Milliseconds): void {
    for (;;) {
      const first = this.#patient.first();
      if (first === undefined || first.patientUntil > now) return;
      const { key, item } = this.#patient.pop() ?? {};
      if (key === undefined || item === undefined) return;
      const { patientUntil, sequence } = item;
      this.#impatient.set(key, { rank: 0, patientUntil, sequence });
    }
  }

  /** The one that `pop` would take out. */
  first(): T | undefined {
    const key = this.isTurnOfImpatient ? this.#impatient.firstKey() : undefined;
    return key === undefined ? this.#byUrgency.first() : this.#byUrgency.get(key);
  }

  pop(): { readonly key: string; readonly item: T } | undefined {
    const isImpatient = this.isTurnOfImpatient;
    const next = isImpatient ? this.#popImpatient() : this.#byUrgency.pop();
    if (next === undefined) return undefined;
    this.#turns = isImpatient ? 1 : this.#turns + 1;
    this.delete(next.key);
    return next;
  }

  #popImpatient(): { readonly key: string; readonly item: T } | undefined {
    const key = this.#impatient.pop()?.key;
    const item = key === undefined ? undefined : this.#byUrgency.get(key);
    return key === undefined || item === undefined ? undefined : { key, item };
  }
}

function waitsLonger(
  a: Pick<Urgency, 'patientUntil' | 'sequence'>,
  b: Pick<Urgency, 'patientUntil' | 'sequence'>,
): boolean {
  return a.patientUntil < b.patientUntil || (a.patientUntil === b.patientUntil && a.sequence < b.sequence);
}
