import type { KubeClient } from './client.ts';
import { describeForLog, isNamespaceTerminating, isNotFound, isTransient, retryAfterOf } from './errors.ts';
import { eventBody, eventName, type Occurrence } from './event-body.ts';
import type { Clock } from '../time/clock.ts';
import { formatMicroTime } from '../time/format-time.ts';
import type { Milliseconds } from '../time/units.ts';
import { LineLimit } from '../telemetry/line-limit.ts';
import type { Log } from './log.ts';
import { resourcePath, type Resource } from './resource-path.ts';
import { backoffDelay, FEW_TRIES } from '../time/backoff.ts';

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events' };

/** What recording Events needs. */
export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'mergePatch'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Names this process, usually the pod's name; `reportingInstance`. */
  readonly instance: string;
}

/** Publishes Events, best effort: it never makes anybody wait and never fails. */
export interface EventRecorder {
  readonly publish: (occurrence: Occurrence) => void;
  /** Gives what waits two seconds to get out, then drops it. */
  readonly stop: () => Promise<void>;
}

/** One Event in the cluster and how often it happened. */
interface EventSeries {
  readonly path: string;
  count: number;
  lastSeenAt: Milliseconds;
  lastWrittenAt: Milliseconds;
}

/** What waits to be written, with the number of times it happened meanwhile. */
interface Waiting {
  readonly occurrence: Occurrence;
  times: number;
}

const MAX_WAITING = 1_000; // client-go's queue; beyond it what is new is dropped
const SERIES_END_MS = 360_000; // client-go: after 6 min of silence the same thing is a new Event
const MIN_PATCH_MS = 60_000; // of one series: a failing JWT must not cost a write per try
const TRIES = 3;
const STOP_MS = 2_000;

/**
 * A recorder as client-go's `tools/events`: the first of a kind is created, repetitions within 6 min are counted in
 * its series. The kind is type, reason, action and subject; the note is not, and stays that of the first.
 */
export function startEventRecorder({ client, clock, log, instance }: EventRecorderOptions): EventRecorder {
  const waiting = new Map<string, Waiting>();
  const series = new Map<string, EventSeries>();
  const abort = new AbortController();
  let running: Promise<void> | undefined;
  let serial = 0;
  let dropped = 0;
  let stopped = false;
  const lostLine = new LineLimit(clock); // what prevents one write mostly prevents all of them

  const write = async (key: string, entry: Waiting): Promise<void> => {
    const { occurrence } = entry;
    const now = clock.now();
    const known = series.get(key);
    if (known !== undefined && now - known.lastSeenAt < SERIES_END_MS) {
      known.count += entry.times;
      entry.times = 0; // counted, also if this try fails
      known.lastSeenAt = now;
      if (now - known.lastWrittenAt < MIN_PATCH_MS) return;
      try {
        const body = { series: { count: known.count, lastObservedTime: formatMicroTime(now) } };
        await client.mergePatch(known.path, body, { signal: abort.signal });
        known.lastWrittenAt = now;
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error; // gone: Events live for an hour
        series.delete(key);
      }
    }
    const { namespace } = occurrence.regarding;
    serial += 1;
    // Time and number make it unique within this process, the random part among all.
    const suffix = `${Math.floor(now).toString(16)}${(serial % 0x1000).toString(16)}${Math.floor(Math.random() * 0x10000).toString(16)}`;
    const name = eventName(occurrence.regarding.name, suffix);
    const body = eventBody(occurrence, name, instance, now);
    await client.create(resourcePath(EVENTS, { namespace }), body, { signal: abort.signal });
    const path = resourcePath(EVENTS, { namespace, name });
    // The first repetition is written at once: that it goes on is news.
    series.set(key, {
      path,
      count: Math.max(1, entry.times),
      lastSeenAt: now,
      lastWrittenAt: Number.NEGATIVE_INFINITY,
    });
  };
  const writeWithRetry = async (key: string, entry: Waiting): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        await write(key, entry);
        return;
      } catch (error) {
        if (abort.signal.aborted) return;
        if (tries === TRIES || !isTransient(error)) {
          logLost(error);
          return;
        }
        const pause = Math.max(
          backoffDelay(FEW_TRIES, tries, () => 0),
          retryAfterOf(error),
        );
        await clock.sleep(pause, abort.signal);
      }
    }
  };
  /** One line a minute for each problem says why the latest was lost, and how many were. */
  const logLost = (error: unknown): void => {
    if (isNamespaceTerminating(error)) return;
    const { verb, reason, problem } = describeForLog(error);
    const events = lostLine.count(1, `${verb} ${reason}`);
    if (events !== undefined) log.warn({ problem, events }, LOST);
  };
  const run = async (): Promise<void> => {
    for (;;) {
      const [first] = waiting;
      if (first === undefined || abort.signal.aborted) break;
      const [key, entry] = first;
      waiting.delete(key);
      await writeWithRetry(key, entry);
    }
    if (dropped > 0) log.warn({ dropped }, 'Events were dropped: too many at once');
    dropped = 0;
    forgetOld();
    running = undefined;
  };
  const forgetOld = (): void => {
    for (const [key, { lastSeenAt }] of series) {
      if (clock.now() - lastSeenAt >= SERIES_END_MS) series.delete(key);
    }
  };
  return {
    publish: (occurrence) => {
      if (stopped) return;
      const { regarding, type, reason, action } = occurrence;
      const key = [regarding.uid, regarding.namespace, regarding.name, type, reason, action].join(' ');
      const entry = waiting.get(key);
      if (entry !== undefined) entry.times += 1;
      else if (waiting.size >= MAX_WAITING) dropped += 1;
      else waiting.set(key, { occurrence, times: 1 });
      running ??= run();
    },
    stop: async () => {
      stopped = true;
      const limit = clock.setTimer(STOP_MS, () => abort.abort());
      await running;
      limit.cancel();
    },
  };
}

const LOST =
  'an Event could not be written; conditions and this log say the same: if a right is missing, install the roles of ' +
  'jwt-injector again (jwt-injector doctor names it)';
