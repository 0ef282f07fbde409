import type { Recorder, SignedEntry } from '../../../src/loop/recorder.ts';
import { objectKey } from '../../../src/resources/object-key.ts';
import type { Seconds } from '../../../src/time/units.ts';
import type { ModelJwt } from './model-cluster.ts';
import { SILENT_RECORDER } from '../silent-recorder.ts';
import { lifetimesOf } from './model-keys.ts';

/** A round counts from its begin, and ends within this time, in seconds, however late the answers are. */
const ROUND = 40;
/** Times in a status are whole seconds. */
const ROUNDING = 1;

interface PublishedToken {
  readonly jti: unknown;
  readonly exp: Seconds;
}

export interface LatenessLawOptions {
  readonly view: { readonly now: () => number; readonly monotonic: () => number };
  /** The states of the JWT that were valid at some time since `from` (monotonic). */
  readonly seenSince: (key: string, from: number) => readonly ModelJwt[];
  readonly onViolation: (key: string, what: string) => void;
}

/**
 * The lateness of a signature counts from the renewal that was announced: by a status, or for the token that the controller wrote
 * last, whose status may not have been written. Not from the times of another token that somebody put into the Secret.
 */
export class LatenessLaw {
  /** The last two tokens that the controller wrote for each JWT, the latest first. */
  readonly #published = new Map<string, readonly PublishedToken[]>();
  readonly #options: LatenessLawOptions;
  #steppedAt = -1;

  constructor(options: LatenessLawOptions) {
    this.#options = options;
  }

  /** A round that is running can have seen another time. */
  clockStepped(): void {
    this.#steppedAt = this.#options.view.monotonic();
  }

  /** For a process: `from` gives the earliest time (monotonic) whose state a round that ends now could have seen. */
  recorder(from: () => number): Recorder {
    return { ...SILENT_RECORDER, signed: (entry) => this.#signed(objectKey(entry), entry, from()) };
  }

  /** The controller wrote this token. */
  published(key: string, token: PublishedToken): void {
    const others = this.#published.get(key)?.filter(({ jti }) => jti !== token.jti) ?? [];
    this.#published.set(key, [token, ...others].slice(0, 2));
  }

  #signed(key: string, entry: SignedEntry, from: number): void {
    const { view, seenSince, onViolation } = this.#options;
    if (this.#steppedAt >= from) return;
    const seen = seenSince(key, from);
    const now = view.now() / 1000;
    const last = this.#published.get(key)?.find(({ jti }) => jti !== entry.tokenId);
    if (entry.lateness === undefined) {
      const isRenewal = entry.cause === 'RenewalDue' || entry.cause === 'Expired';
      const wasAnnounced = seen.every(
        ({ status }) => status['tokenId'] === last?.jti && renewsAt(status) < now - ROUND - ROUNDING,
      );
      if (isRenewal && wasAnnounced && seen.length > 0)
        onViolation(key, 'the lateness of a renewal does not count');
      return;
    }
    const plannedAt = now - entry.lateness;
    const fits = (earliest: Seconds, latest = earliest): boolean =>
      plannedAt >= earliest - ROUNDING && plannedAt <= latest + ROUND + ROUNDING;
    // A status that could not be written can be of an earlier spec.
    const isOfLast = seenSince(key, 0).some(({ spec }) => {
      const { resignBefore } = lifetimesOf(spec);
      const latest = (last?.exp ?? Number.NaN) - resignBefore;
      return fits(latest - resignBefore / 10, latest);
    });
    const isAnnounced = isOfLast || seen.some(({ status }) => fits(renewsAt(status)));
    if (!isAnnounced) onViolation(key, `a renewal counts as ${entry.lateness} s late (${entry.cause})`);
  }
}

function renewsAt(status: ModelJwt['status']): Seconds {
  return Date.parse(String(status['renewsAt'])) / 1000;
}
