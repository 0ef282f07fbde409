import type { Milliseconds } from '../time/units.ts';
import type { Refusal } from './refusal.ts';

/** The meaning of the API server's refusal of a request for a round: the client finds it, the loop acts on it. */
export interface Failure {
  /**
   * `stale`: the object changed meanwhile: look again soon; it is reported only if that does not help.
   * `absent`: the object, or its kind, is not there. `terminating`: its namespace is being deleted. `failed`: to report.
   */
  readonly meaning: 'stale' | 'absent' | 'terminating' | 'failed';
  /** One line for people, without any response body. */
  readonly message: string;
  /** The reason why the request will fail again until somebody changes something. */
  readonly refusal?: Refusal | undefined;
  /** How long the API server asks to wait at least. */
  readonly retryAfter?: Milliseconds | undefined;
}
