import type { Failure } from './create-pods.ts';
import type { Disturbance, Harm } from './disturbances.ts';

/** What the failures of creations come from. */
export interface Judgement {
  /** Reviews on connections that the API server had to the replica when that was harmed. */
  readonly cutOff: number;
  /** New connections to the address of a replica that had ended. */
  readonly refused: number;
  /** What should not have happened, one line each. */
  readonly wrong: readonly string[];
}

const REFUSED = /connect: connection refused/;
/**
 * How long the Service has the address of a process that was killed: the kubelet looks at its containers each second, kube-proxy
 * changes its rules once a second, and the news has to get from one to the other.
 */
const IN_SERVICE_MS = 3_000;
/** In place of each connection that was lost the API server makes a new one, and every second one meets the address that is dead. */
const REFUSED_FOR_EACH = 2;

/**
 * Tells what nobody can prevent from what somebody could have. The API server tries no review twice: each connection in use
 * is good for one failure, and so are new connections to a killed process until the Service leaves it out. Pure.
 */
export function judgeFailures(
  failures: readonly Failure[],
  harm: Harm | undefined,
  { cutOff, refuses }: Pick<Disturbance, 'cutOff' | 'refuses'>,
): Judgement {
  const isCutOff = ({ words }: Failure): boolean => cutOff?.test(words) === true;
  const isRefused = ({ words, at }: Failure): boolean =>
    refuses === true && REFUSED.test(words) && at - (harm?.at ?? at) <= IN_SERVICE_MS;
  const lost = harm?.connections ?? 0;
  const counted = { cutOff: failures.filter(isCutOff).length, refused: failures.filter(isRefused).length };
  const wrong = failures
    .filter((failure) => !isCutOff(failure) && !isRefused(failure))
    .map((failure) => describeFailure(failure, harm));
  if (counted.cutOff > lost) wrong.push(`${counted.cutOff} reviews were cut off, on ${lost} connections`);
  if (counted.refused > REFUSED_FOR_EACH * lost)
    wrong.push(`${counted.refused} connections were refused, after ${lost} were lost`);
  return { ...counted, wrong };
}

/** One line, with the time since the harm. */
export function describeFailure({ words, at, tookMs }: Failure, harm: Harm | undefined): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const since = harm === undefined ? '' : `after ${seconds(at - harm.at)}, `;
  return `${since}in ${seconds(tookMs)}: ${words}`;
}
