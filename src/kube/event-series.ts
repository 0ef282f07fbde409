import type { Clock } from '../time/clock.ts';
import { formatMicroTime } from '../time/format-time.ts';
import type { Milliseconds } from '../time/units.ts';
import type { KubeClient } from './client.ts';
import { isNotFound } from './errors.ts';
import { eventBody, eventName, type Occurrence } from './event-body.ts';
import { EVENTS } from './known-resources.ts';
import { resourcePath } from './resource-path.ts';

/** An Event that waits to be written, with the number of times it happened meanwhile. */
export interface WaitingEvent {
  readonly occurrence: Occurrence;
  times: number;
}

/** The dependencies of writing Events. */
export interface EventSeriesOptions {
  readonly client: Pick<KubeClient, 'create' | 'mergePatch'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Names this process, usually the pod's name; `reportingInstance`. */
  readonly instance: string;
  /** Ends the current write. */
  readonly signal: AbortSignal;
}

/** One Event in the cluster and how often it happened. Its times are those of the clock that nobody sets. */
interface EventSeries {
  readonly path: string;
  count: number;
  /** The number of those that the Event in the cluster does not count yet. */
  unwritten: number;
  seenAt: Milliseconds;
  writtenAt: Milliseconds;
}

const SERIES_END_MS = 360_000; // client-go: after 6 min of silence the same thing is a new Event
const MIN_PATCH_MS = 60_000; // of one series: a failing JWT must not cost a write per try
const MAX_SERIES = 10_000; // some 3 MB: anybody can make JWTs that fail faster than six minutes pass

/** Writes Events and counts their repetitions: the first of a key is created, those within 6 min become its series. */
export class EventSeriesWriter {
  readonly #options: EventSeriesOptions;
  /** The series by key; the one seen last is last. */
  readonly #series = new Map<string, EventSeries>();
  #serial = 0;

  constructor(options: EventSeriesOptions) {
    this.#options = options;
  }

  /** Series that are remembered. */
  get size(): number {
    return this.#series.size;
  }

  /** Throws a KubeError; it may be called with the same entry again then. */
  async write(key: string, entry: WaitingEvent): Promise<void> {
    this.#forgetOld();
    const known = this.#series.get(key);
    if (known !== undefined) {
      known.count += entry.times;
      known.unwritten += entry.times;
      entry.times = 0; // counted, also if this try fails
      known.seenAt = this.#options.clock.monotonic();
      this.#keep(key, known);
      if (await this.#patch(known)) return;
      this.#series.delete(key);
      entry.times = known.unwritten;
    }
    await this.#create(key, entry);
  }

  /** False when the Event is gone: Events live for an hour. */
  async #patch(series: EventSeries): Promise<boolean> {
    const { client, clock, signal } = this.#options;
    const { path, count, seenAt, writtenAt } = series;
    if (seenAt - writtenAt < MIN_PATCH_MS) return true;
    try {
      const body = { series: { count, lastObservedTime: formatMicroTime(clock.now()) } };
      await client.mergePatch(path, body, { signal });
      series.writtenAt = seenAt;
      series.unwritten = 0;
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #create(key: string, { occurrence, times }: WaitingEvent): Promise<void> {
    const { client, clock, instance, signal } = this.#options;
    const { namespace, name: subject } = occurrence.regarding;
    const seenAt = clock.monotonic();
    const now = clock.now();
    const name = eventName(subject, this.#makeSuffix(now));
    const body = eventBody(occurrence, name, instance, now);
    await client.create(resourcePath(EVENTS, { namespace }), body, { signal });
    this.#keep(key, {
      path: resourcePath(EVENTS, { namespace, name }),
      count: times,
      unwritten: times - 1,
      seenAt,
      writtenAt: Number.NEGATIVE_INFINITY, // the first repetition is written at once: that it goes on is news
    });
    const [oldest] = this.#series.keys();
    if (this.#series.size > MAX_SERIES && oldest !== undefined) this.#series.delete(oldest);
  }

  /** Time and number make it unique within this process, the random part among all. */
  #makeSuffix(now: Milliseconds): string {
    this.#serial = (this.#serial + 1) % 0x1000;
    return [Math.floor(now), this.#serial, Math.floor(Math.random() * 0x10000)]
      .map((part) => part.toString(16))
      .join('');
  }

  #keep(key: string, series: EventSeries): void {
    this.#series.delete(key);
    this.#series.set(key, series);
  }

  #forgetOld(): void {
    const now = this.#options.clock.monotonic();
    for (const [key, { seenAt }] of this.#series) {
      if (now - seenAt < SERIES_END_MS) return;
      this.#series.delete(key);
    }
  }
}
