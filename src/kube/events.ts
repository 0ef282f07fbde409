import { describeForLog, isNamespaceTerminating, isTransient, retryAfterOf } from './errors.ts';
import type { Occurrence } from './event-body.ts';
import { EventSeriesWriter, type EventSeriesOptions, type WaitingEvent } from './event-series.ts';
import type { Clock } from '../time/clock.ts';
import { InTurn } from '../time/in-turn.ts';
import { LineLimit } from '../telemetry/line-limit.ts';
import type { Log } from './log.ts';
import { backoffDelay, FEW_TRIES } from '../time/backoff.ts';

interface EventRecorderOptions extends Pick<EventSeriesOptions, 'client' | 'instance'> {
  readonly clock: Clock;
  readonly log: Log;
}

/** Publishes Events, best effort: it never makes anybody wait and never fails. */
interface EventRecorder {
  readonly publish: (occurrence: Occurrence) => void;
  /** Gives what waits two seconds to get out, then drops it. */
  readonly stop: () => Promise<void>;
}

/** client-go's queue; beyond it what is new is dropped. At most half is of one namespace. */
const WAITING_EVENTS = { most: 1_000, mostOfOwner: 500 };
const MAX_EVENT_TRIES = 3;
/** The API server may ask for minutes. All others wait as well, and Events lose their worth. */
const MAX_EVENT_PAUSE_MS = 30_000;
const LAST_EVENTS_MS = 2_000;

/**
 * A recorder as client-go's `tools/events`: the first of a kind is created, repetitions within 6 min are counted in
 * its series. The kind is type, reason, action and subject; the note is not, and stays that of the first.
 */
export function startEventRecorder({ client, clock, log, instance }: EventRecorderOptions): EventRecorder {
  /** The namespaces in turn. */
  const waiting = new InTurn<readonly [key: string, entry: WaitingEvent]>(WAITING_EVENTS);
  const abort = new AbortController();
  const series = new EventSeriesWriter({ client, clock, instance, signal: abort.signal });
  let running: Promise<void> | undefined;
  let dropped = 0;
  let stopped = false;
  const lostLine = new LineLimit(clock); // what prevents one write mostly prevents all of them
  const droppedLine = new LineLimit(clock);

  const writeWithRetry = async (key: string, entry: WaitingEvent): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        await series.write(key, entry);
        return;
      } catch (error) {
        if (abort.signal.aborted) return;
        if (tries === MAX_EVENT_TRIES || !isTransient(error)) {
          logLost(error);
          return;
        }
        const pause = Math.max(
          backoffDelay(FEW_TRIES, tries, () => 0),
          Math.min(retryAfterOf(error), MAX_EVENT_PAUSE_MS),
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
  const logDropped = (events: number | undefined): void => {
    if (events !== undefined) log.warn({ dropped: events }, 'Events were dropped: too many at once');
  };
  const run = async (): Promise<void> => {
    for (;;) {
      const next = waiting.take();
      if (next === undefined || abort.signal.aborted) break;
      await writeWithRetry(...next);
      logDropped(droppedLine.count(dropped)); // also those that were dropped too soon after the line before
      dropped = 0;
    }
    running = undefined;
  };
  return {
    publish: (occurrence) => {
      if (stopped) return;
      const { regarding, type, reason, action } = occurrence;
      const key = [regarding.uid, regarding.namespace, regarding.name, type, reason, action].join(' ');
      const [, entry] = waiting.get(regarding.namespace, key) ?? [];
      if (entry !== undefined) entry.times += 1;
      else if (!waiting.add(regarding.namespace, key, [key, { occurrence, times: 1 }])) dropped += 1;
      running ??= run();
    },
    stop: async () => {
      stopped = true;
      const limit = clock.setTimer(LAST_EVENTS_MS, () => abort.abort());
      await running;
      limit.cancel();
      logDropped(droppedLine.flush());
    },
  };
}

const LOST =
  'an Event could not be written; conditions and this log say the same: if a right is missing, install the roles of ' +
  'jwt-injector again (jwt-injector doctor names it)';
