import { isJsonObject, member } from './json.ts';
import { fail, ok, type Result } from './result.ts';
import type { Seconds } from '../time/units.ts';

const SECONDS = { days: 86_400, hours: 3_600, minutes: 60 } as const;

/** A hundred years, per unit: beyond it dates lose their four-digit year, and nobody means it. */
const MAX_PART: Seconds = 36_500 * 86_400;

/**
 * The sum of `{days, hours, minutes}` as the JWT resource writes a duration. Units that are absent count as 0, as in the
 * rules of the CRD; a unit that is not an integer ≥ 0 is a problem (one sentence).
 */
export function parseDuration(value: unknown, where: string): Result<Seconds, string> {
  if (!isJsonObject(value)) return fail(`${where} must be an object with days, hours or minutes`);
  let seconds = 0;
  for (const [unit, length] of Object.entries(SECONDS)) {
    const amount = member(value, unit);
    if (amount === undefined || amount === null) continue;
    if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0) {
      return fail(`${where}.${unit} must be a whole number, 0 or more`);
    }
    if (amount * length > MAX_PART) return fail(`${where}.${unit} is more than a hundred years`);
    seconds += amount * length;
  }
  return ok(seconds);
}
