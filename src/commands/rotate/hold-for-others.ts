import type { Sharers } from './find-sharers.ts';
import type { RotationStep } from './next-step.ts';

/** The last step, if other JWTs need the old key. Force ends the rotation before they have left it, and not their need. */
export function holdForOthers(
  step: RotationStep,
  { jwts, former }: Pick<Sharers, 'jwts' | 'former'>,
  isForced: boolean,
): RotationStep {
  if (step.do !== 'finish' || jwts.length + former.length === 0) return step;
  const untils = former.map((other) => other.until);
  if (!isForced) return { do: 'await-others', until: jwts.length > 0 ? undefined : Math.max(...untils) };
  const needed = step.until === undefined ? untils : [step.until, ...untils];
  return needed.length === 0 ? step : { do: 'finish', until: Math.max(...needed) };
}
