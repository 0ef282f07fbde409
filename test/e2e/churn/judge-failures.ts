import { CREATORS, type Failure } from './create-pods.ts';
import type { Disturbance, Harm } from './disturbances.ts';

/** What the failures of creations come from. */
export interface Judgement {
  /** Reviews on connections that the API server had to the replica when that was harmed. */
  readonly cutOff: number;
  /** What should not have happened, one line each. */
  readonly wrong: readonly string[];
}

/** A review that was under way when the harm ended is given up after 5 s (`timeoutSeconds`); the rest is for its answer. */
const GIVEN_UP_WITHIN_MS = 6_000;

/**
 * Distinguishes what nobody can prevent from what somebody could have. The API server tries no review twice: each connection in use
 * is good for one failure, and so is one that was being made and not counted yet, for each creation under way. What failed before
 * the harm, or long after it, has another cause, whatever its words are. Pure.
 */
export function judgeFailures(
  failures: readonly Failure[],
  harm: Harm | undefined,
  { cutOff }: Pick<Disturbance, 'cutOff'>,
): Judgement {
  const isCutOff = ({ words, at }: Failure): boolean =>
    harm !== undefined &&
    at >= harm.at &&
    at <= harm.until + GIVEN_UP_WITHIN_MS &&
    cutOff?.test(words) === true;
  const lost = harm?.connections ?? 0;
  const counted = failures.filter(isCutOff).length;
  const wrong = failures
    .filter((failure) => !isCutOff(failure))
    .map((failure) => describeFailure(failure, harm));
  if (counted > Math.max(lost, CREATORS))
    wrong.push(`${counted} reviews were cut off, on ${lost} connections`);
  return { cutOff: counted, wrong };
}

/** One line, with the time since the harm. */
export function describeFailure({ words, at, tookMs }: Failure, harm: Harm | undefined): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const since = harm === undefined ? '' : `after ${seconds(at - harm.at)}, `;
  return `${since}in ${seconds(tookMs)}: ${words}`;
}
