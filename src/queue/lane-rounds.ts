import type { Milliseconds } from '../time/units.ts';
import type { Lane } from './lane-bounds.ts';

/** A round that takes longer is slow: it is a few requests, of milliseconds each. */
const SLOW_ROUND_MS = 1_000;

/** A running round, by the lane that its key waited in. */
interface LaneRound {
  readonly lane: Lane;
  readonly namespace: string;
  readonly startedAt: Milliseconds;
  /** When it turns slow. A sum that is made once: rounded, another one may never agree with it about the time that has come. */
  readonly slowAt: Milliseconds;
  /** How many rounds of its lane were running when it had begun, itself included. */
  readonly atOnce: number;
}

/** The numbers of running rounds. */
export interface RoundCounts {
  /** The rounds of quick keys, without those that have become slow. */
  readonly quick: number;
  /** The rounds of quick keys that have become slow. */
  readonly slow: number;
  readonly fresh: number;
  readonly late: number;
  readonly suspect: number;
}

/** The running rounds of all lanes; times are those of the monotonic clock. */
export class LaneRounds {
  readonly #rounds = new Map<string, LaneRound>();

  /** Takes note of a round that begins now; `before` are those that run already. */
  begin(
    key: string,
    {
      lane,
      namespace,
      now,
      before,
    }: Pick<LaneRound, 'lane' | 'namespace'> & {
      readonly now: Milliseconds;
      readonly before: RoundCounts;
    },
  ): void {
    const atOnce = before[lane] + 1;
    this.#rounds.set(key, { lane, namespace, startedAt: now, slowAt: now + SLOW_ROUND_MS, atOnce });
  }

  /** Takes out the round of the key, which has ended. */
  end(key: string): LaneRound | undefined {
    const round = this.#rounds.get(key);
    this.#rounds.delete(key);
    return round;
  }

  count(now: Milliseconds): RoundCounts {
    const counts = { quick: 0, slow: 0, fresh: 0, late: 0, suspect: 0 };
    for (const { lane, slowAt } of this.#rounds.values()) {
      const isSlow = lane === 'quick' && now >= slowAt;
      counts[isSlow ? 'slow' : lane] += 1;
    }
    return counts;
  }

  /** How many of this lane are of keys of this namespace. */
  countOf(lane: Lane, namespace: string): number {
    let count = 0;
    for (const round of this.#rounds.values())
      if (round.lane === lane && round.namespace === namespace) count += 1;
    return count;
  }

  /** When the next round of a quick key turns slow; `undefined` without one that is not slow yet. */
  nextSlowAt(now: Milliseconds): Milliseconds | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { lane, slowAt } of this.#rounds.values())
      if (lane === 'quick' && slowAt > now) next = Math.min(next, slowAt);
    return Number.isFinite(next) ? next : undefined;
  }
}
