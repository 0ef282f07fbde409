import { CREATORS, type Failure } from './create-pods.ts';
import type { Disturbance, Harm } from './disturbances.ts';

/** What the failures of creations come from. */
export interface Judgement {
  /** Reviews on connections that the API server had to the replica when that was harmed. */
  readonly cutOff: number;
  /** Reviews on connections that nobody took while the pod had no process. */
  readonly refused: number;
  /** What should not have happened, one line each. */
  readonly wrong: readonly string[];
}

/** A review that was under way when the harm ended is given up after 5 s (`timeoutSeconds`); the rest is for its answer. */
const GIVEN_UP_WITHIN_MS = 6_000;

const REFUSED = /connection refused/;

/**
 * While one of two replicas has no process, every other connection is refused, and the first that is not is used for all
 * reviews. So more than eight in a row come once in 512 times.
 */
const MAX_REFUSED = 8;

/**
 * Distinguishes what nobody can prevent from what somebody could have. The API server tries no review twice: each connection in use
 * is good for one failure, and so is one that was being made and not counted yet, for each creation under way. A refused connection is
 * somebody's fault, unless the harm left nobody in the pod who could take it. What failed before the harm, or long after it, has
 * another cause, whatever its words are. Pure.
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
