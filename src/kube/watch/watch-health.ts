import { backoffDelay, type Backoff } from '../../time/backoff.ts';
import type { Milliseconds } from '../../time/units.ts';
import { describeForLog, isExpired, isNotFound, isVersionAhead, KubeError, retryAfterOf } from '../errors.ts';
import type { Log } from '../log.ts';

/** client-go's 30 s at the longest are for thousands of kubelets; here a change during an outage is to be noticed sooner. */
const BACKOFF: Backoff = { first: 1_000, longest: 10_000 };
/**
 * A watch that stood this long, or brought anything, worked: what ends it then is not counted as a failure in a row. Load
 * balancers reset connections after a minute without a byte.
 */
const STEADY_MS = 30_000;
/** A watch that ended sooner is not opened again at once, whatever it brought, and did not work if that was nothing. */
const HASTY_MS = 1_000;
/**
 * How many times the same resourceVersion is refused before there is a list. Each further list takes twice as many: a refusal
 * that does not pass, as without the right to watch, is not followed by a list every half minute.
 */
const REFUSALS_BEFORE_LIST = 3;
/**
 * Failures in a row, of five to ten minutes, after which there is a list whatever the reason: only that shows changes where no
 * watch can be opened. A list may take seconds of CPU here and in the API server, so it does not come at the pace of watches.
 */
const FAILURES_BEFORE_LIST = 30;

/** The consequence of a list that failed. */
interface AfterList {
  readonly delay: Milliseconds;
  /** The API server does not know the resource, and said so more than once: its CRD is gone, not just being replaced. */
  readonly isGone: boolean;
}

/** The consequence of a watch that ended. */
export interface AfterWatch {
  readonly delay: Milliseconds;
  /**
   * `list`: the resourceVersion is of no use any more, too old or too new (etcd was restored). `tryList`: it may be good, but
   * watches from it have failed so often that a list is due. If that fails, too, a watch is next: after an outage nothing is
   * listed that a watch can bring.
   */
  readonly next: 'watch' | 'tryList' | 'list';
}

/**
 * The consequences of how the lists and watches of one resource ended: how long each trouble is waited out, whether a list has
 * to come next, and what the log says, once for each trouble.
 */
export class WatchHealth {
  readonly #resource: string;
  readonly #log: Log;
  readonly #random: () => number;
  /** Failures in a row. */
  #failures = 0;
  /** Watches that failed since something worked, or since the last list that was asked for because of them. */
  #watchFailures = 0;
  /** Watches among `#watchFailures` whose resourceVersion may have been the reason. */
  #refusals = 0;
  /** The number of lists that were asked for because of refusals, since something worked. */
  #listsOfRefusals = 0;
  /** Answers in a row that say 404. */
  #notFound = 0;
  /** The last answer was 410. */
  #wasExpired = false;
  /** The reason that is in the log. */
  #loggedReason: string | undefined;

  /** `random` gives numbers in [0, 1). */
  constructor(resource: string, log: Log, random: () => number) {
    this.#resource = resource;
    this.#log = log;
    this.#random = random;
  }

  /** Why it fails now, in one word; `undefined` while it works. */
  get problem(): string | undefined {
    return this.#loggedReason;
  }

  /** A watch works: it brought something, or had nothing to bring. */
  work(): void {
    this.#forgetFailures();
    this.#notFound = 0;
    this.#wasExpired = false;
    if (this.#loggedReason === undefined) return;
    this.#loggedReason = undefined;
    this.#log.info({ resource: this.#resource }, 'watch works again');
  }

  /** The API server ended a watch that `lasted` so long, which is usual. */
  closeWatch(lasted: Milliseconds): AfterWatch {
    if (lasted >= STEADY_MS) this.work();
    else this.#failures += 1;
    if (lasted >= HASTY_MS) return { delay: 0, next: 'watch' };
    const delay = backoffDelay(BACKOFF, this.#failures, this.#random);
    if (!this.#isListDue()) return { delay, next: 'watch' };
    const detail = 'watches end as soon as they begin';
    const problem = { verb: 'watch', resource: this.#resource, status: 0, reason: 'Malformed', detail };
    this.#logInterruption(new KubeError(problem), delay);
    return { delay, next: 'tryList' };
  }

  /** A list failed. */
  failList(error: unknown): AfterList {
    const delay = this.#fail(error);
    return { delay, isGone: this.#notFound > 1 };
  }

  /** A watch failed that `lasted` so long. */
  failWatch(error: unknown, lasted: Milliseconds): AfterWatch {
    if (lasted >= STEADY_MS) this.#forgetFailures();
    const delay = this.#fail(error);
    if (isUnusable(error)) return { delay, next: 'list' };
    if (!mayPass(error)) this.#refusals += 1;
    return { delay, next: this.#isListDue() ? 'tryList' : 'watch' };
  }

  /** The count of failures in a row begins again. */
  #forgetFailures(): void {
    this.#failures = 0;
    this.#watchFailures = 0;
    this.#refusals = 0;
    this.#listsOfRefusals = 0;
  }

  /** Counts a failure of a watch whose resourceVersion may be good; true when a list is due. */
  #isListDue(): boolean {
    this.#watchFailures += 1;
    const isRefused = this.#refusals >= REFUSALS_BEFORE_LIST * 2 ** this.#listsOfRefusals;
    if (!isRefused && this.#watchFailures < FAILURES_BEFORE_LIST) return false;
    if (isRefused) this.#listsOfRefusals += 1;
    this.#watchFailures = 0;
    this.#refusals = 0;
    return true;
  }

  /** Gives how long to wait: 0 only for the first 410 in a row, as an API server that answers so works. */
  #fail(error: unknown): Milliseconds {
    const isFirstExpiry = isExpired(error) && !this.#wasExpired;
    this.#wasExpired = isExpired(error);
    this.#notFound = isNotFound(error) ? this.#notFound + 1 : 0;
    this.#failures += 1;
    if (isFirstExpiry) return 0;
    const delay = Math.max(backoffDelay(BACKOFF, this.#failures, this.#random), retryAfterOf(error));
    this.#logInterruption(error, delay);
    return delay;
  }

  #logInterruption(error: unknown, delay: Milliseconds): void {
    const { reason, problem } = describeForLog(error);
    const retryInMs = Math.round(delay);
    const fields = { resource: this.#resource, reason, problem, failures: this.#failures, retryInMs };
    if (this.#loggedReason === reason) this.#log.debug(fields, 'watch still interrupted');
    else this.#log.warn(fields, 'watch interrupted');
    this.#loggedReason = reason;
  }
}

/** Whether a resourceVersion is given up at once after this answer. */
function isUnusable(error: unknown): boolean {
  return isExpired(error) || isVersionAhead(error) || !(error instanceof KubeError);
}

/** Statuses of an API server that is too busy, and of a proxy that does not reach it. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Whether a failure says nothing about the resourceVersion: the API server was not reached, or did not look at it. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  return error.status === 0 ? error.reason !== 'Malformed' : PASSING_STATUSES.has(error.status);
}
