import { Counter, Histogram, type Registry } from 'prom-client';
import type { Seconds } from '../time/units.ts';

/** Buckets from 100 µs: an admission takes less than one millisecond. */
const BUCKETS: Seconds[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
/** Durations kept until they are counted. */
const MAX_KEPT = 1024;

/**
 * The two metrics of admission. An answer is only noted, since to count it takes prom-client as long as the decision
 * took; it is counted together with the others, at the latest when it is scraped.
 */
export class AdmissionMetrics {
  readonly #decisions: Counter<'decision' | 'reason'>;
  readonly #duration: Histogram;
  /** The counts by decision, then by reason. */
  readonly #noted = new Map<string, Map<string, number>>();
  readonly #durations = new Float64Array(MAX_KEPT);
  #waiting = 0;

  constructor(prefix: string, registry: Registry) {
    const registers = [registry];
    this.#decisions = new Counter({
      name: `${prefix}admission_decisions_total`,
      help: 'Answers to admission reviews, by decision and reason.',
      labelNames: ['decision', 'reason'],
      registers,
      collect: () => this.#countDecisions(),
    });
    this.#duration = new Histogram({
      name: `${prefix}admission_duration_seconds`,
      help: 'Time from the arrival of an admission review to its answer.',
      buckets: BUCKETS,
      registers,
      collect: () => this.#countDurations(),
    });
  }

  /** Shows internal errors as 0, where reviews are answered: a rate needs a first value, or the first errors raise no alert. */
  showZeroErrors(): void {
    for (const decision of ['deny', 'skip'] as const)
      this.#decisions.inc({ decision, reason: 'InternalError' }, 0);
  }

  /** One answer, and the time that it took. */
  note(
    { decision, reason }: { readonly decision: string; readonly reason: string },
    duration: Seconds,
  ): void {
    let reasons = this.#noted.get(decision);
    if (reasons === undefined) this.#noted.set(decision, (reasons = new Map()));
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    this.#durations[this.#waiting] = duration;
    this.#waiting += 1;
    if (this.#waiting === MAX_KEPT) this.#countDurations();
  }

  #countDecisions(): void {
    for (const [decision, reasons] of this.#noted) {
      for (const [reason, count] of reasons) this.#decisions.inc({ decision, reason }, count);
    }
    this.#noted.clear();
  }

  #countDurations(): void {
    for (const duration of this.#durations.subarray(0, this.#waiting)) this.#duration.observe(duration);
    this.#waiting = 0;
  }
}
