import { textOf } from '../../resources/json.ts';
import { formatTable } from './table.ts';
import type { Paint } from './report-output.ts';
import type { ReadToken } from '../../signing/token.ts';
import type { Seconds } from '../../time/units.ts';
import { formatWhen } from '../../time/format-time.ts';

/** Claims that are NumericDates (RFC 7519 §4.1). */
const TIMES: ReadonlySet<string> = new Set(['iat', 'nbf', 'exp']);

/** Header and claims of a token, one in a line; `now` in seconds since the epoch. */
export function describeTokenParts(
  { header, claims }: ReadToken,
  now: Seconds,
  paint: Paint,
): readonly string[] {
  const members = [...Object.entries(header), ...Object.entries(claims)];
  const rows = members.map(([member, value]) => [`  ${member}`, describeMember(member, value, now)]);
  const hint = '  (the signature is not shown: with it anybody could use the token)';
  return [...formatTable(rows), paint('gray', hint)];
}

function describeMember(key: string, value: unknown, now: Seconds): string {
  if (TIMES.has(key) && typeof value === 'number') return formatWhen(value, now);
  return textOf(value);
}
