import type { Sharers } from './find-sharers.ts';
import type { RotationStep } from './next-step.ts';

/** The last step, if other JWTs need the old key; only force ends the rotation before they have left it. */
export function holdForOthers(
  step: RotationStep,
  { jwts, former }: Pick<Sharers, 'jwts' | 'former'>,
): RotationStep {
  if (step.do !== 'finish' || jwts.length + former.length === 0) return step;
  const until = Math.max(...former.map((other) => other.until));
  return { do: 'await-others', until: jwts.length > 0 ? undefined : until };
}
