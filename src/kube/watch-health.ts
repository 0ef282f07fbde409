import { backoffDelay, type Backoff } from '../time/backoff.ts';
import type { Milliseconds } from '../time/units.ts';
import { isExpired, KubeError } from './errors.ts';
import type { Log } from './log.ts';

/** client-go's 30 s at the longest are for thousands of kubelets; here a change during an outage is to be noticed sooner. */
const BACKOFF: Backoff = { firstMs: 1_000, longestMs: 10_000 };
/** A watch that stood this long, or brought anything, worked: what ends it then is not counted as a failure in a row. */
const STEADY_MS = 30_000;
/** A watch that ended sooner is not opened again at once, whatever it brought. */
const HASTY_MS = 1_000;
/** So many refusals in a row of the same resourceVersion, and it is given up for a new list. */
const REFUSALS_BEFORE_LIST = 3;

/** Failures in a row of one list-watch: how long each is waited out, and what the log says, once for each trouble. */
export class WatchHealth {
  readonly #resource: string;
  readonly #log: Log;
  readonly #random: () => number;
  #failures = 0;
  /** The last answer was 410. */
  #wasExpired = false;
  /** The reason that is in the log. */
  #told: string | undefined;

  /** `random` gives numbers in [0, 1). */
  constructor(resource: string, log: Log, random: () => number) {
    this.#resource = resource;
    this.#log = log;
    this.#random = random;
  }

  /** Failures in a row, the last one included. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it fails at present, in one word; `undefined` while it works. */
  get problem(): string | undefined {
    return this.#told;
  }

  /** The API server works: it brought something, or had nothing to bring. */
  succeed(): void {
    this.#failures = 0;
    this.#wasExpired = false;
    if (this.#told === undefined) return;
    this.#told = undefined;
    this.#log.info({ resource: this.#resource }, 'watch works again');
  }

  /** The API server ended a watch, which is usual; gives how long to wait before the next. */
  end(lasted: Milliseconds): Milliseconds {
    this.#failures = lasted >= STEADY_MS ? 0 : this.#failures + 1;
    return lasted >= HASTY_MS ? 0 : backoffDelay(BACKOFF, this.#failures, this.#random);
  }

  /**
   * A list failed, or a watch that had `lasted` so long (0 for a list). Gives how long to wait before the next try; 0
   * only for the first 410 in a row, which does not count as a failure: an API server that answers so works.
   */
  fail(error: unknown, lasted: Milliseconds): Milliseconds {
    const isFirstExpiry = isExpired(error) && !this.#wasExpired;
    this.#wasExpired = isExpired(error);
    this.#failures = lasted >= STEADY_MS ? 1 : this.#failures + 1;
    if (isFirstExpiry) return 0;
    const retryAfter = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const delay = Math.max(backoffDelay(BACKOFF, this.#failures, this.#random), retryAfter);
    this.#tell(error, delay);
    return delay;
  }

  /** Whether the resourceVersion of the watch that failed so cannot be used any more: too old, too new (after etcd was restored), refused for long. */
  mustList(error: unknown): boolean {
    if (isExpired(error)) return true;
    if (!(error instanceof KubeError)) return true;
    if (error.causes.some(({ reason }) => reason === 'ResourceVersionTooLarge')) return true;
    const mayPass = error.status === 429 || error.status === 503 || error.reason === 'Unreachable';
    return !mayPass && error.reason !== 'Deadline' && this.#failures >= REFUSALS_BEFORE_LIST;
  }

  #tell(error: unknown, delay: Milliseconds): void {
    const reason = error instanceof KubeError ? error.reason : 'InternalError';
    const problem = error instanceof KubeError ? error.message : 'a bug of ours';
    const retryInMs = Math.round(delay);
    const fields = { resource: this.#resource, reason, problem, failures: this.#failures, retryInMs };
    if (this.#told === reason) this.#log.debug(fields, 'watch still interrupted');
    else this.#log.warn(fields, 'watch interrupted');
    this.#told = reason;
  }
}
