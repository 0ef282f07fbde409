import { CREATORS, type Failure } from './create-pods.ts';
import type { Disturbance, Harm } from './disturbances.ts';

/** The causes of failed creations. */
export interface Judgement {
  /** Number of reviews on connections that the API server had to the replica when it was harmed. */
  readonly cutOff: number;
  /** Number of reviews on connections that were refused while the pod had no process. */
  readonly refused: number;
  /** Failures that must not happen, one line each. */
  readonly wrong: readonly string[];
}

/**
 * A review that was being answered when the harm ended fails after 5 s (`timeoutSeconds`); the rest is for
 * its answer.
 */
const GIVEN_UP_WITHIN_MS = 6_000;

const REFUSED = /connection refused/;

/**
 * While one of two replicas has no process, every second connection is refused, and the first accepted one is
 * used for all reviews. More than eight refusals in a row have a probability of 1 in 512.
 */
const MAX_REFUSED = 8;

/**
 * Separates failures that cannot be prevented from those that could have been. The API server repeats no
 * review: each connection in use can cause one failure, and so can one that was just being opened and is not
 * counted yet, for each concurrent creation. A refused connection is a fault, unless no process of the pod
 * was left. Failures before the harm, or long after it, have another cause, whatever their messages are.
 * Pure.
 */
export function judgeFailures(
  failures: readonly Failure[],
  harm: Harm | undefined,
  { cutOff, leavesNobody }: Pick<Disturbance, 'cutOff' | 'leavesNobody'>,
): Judgement {
  const causeOf = ({ words, at }: Failure): 'cut off' | 'refused' | 'unknown' => {
    if (harm === undefined || at < harm.at || at > harm.until + GIVEN_UP_WITHIN_MS) return 'unknown';
    if (cutOff?.test(words) === true) return 'cut off';
    return leavesNobody === true && REFUSED.test(words) ? 'refused' : 'unknown';
  };
  const causes = Map.groupBy(failures, causeOf);
  const lost = harm?.connections ?? 0;
  const [counted = 0, refused = 0] = [causes.get('cut off')?.length, causes.get('refused')?.length];
  const wrong = (causes.get('unknown') ?? []).map((failure) => describeFailure(failure, harm));
  if (counted > Math.max(lost, CREATORS))
    wrong.push(`${counted} reviews were cut off, on ${lost} connections`);
  if (refused > MAX_REFUSED) wrong.push(`${refused} connections were refused`);
  return { cutOff: counted, refused, wrong };
}

/** One line, with the time since the harm. */
export function describeFailure({ words, at, tookMs }: Failure, harm: Harm | undefined): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const since = harm === undefined ? '' : `after ${seconds(at - harm.at)}, `;
  return `${since}in ${seconds(tookMs)}: ${words}`;
}
