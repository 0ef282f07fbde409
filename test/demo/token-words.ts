import { decodeJwt, decodeProtectedHeader } from 'jose';

const TIMES = new Set(['iat', 'nbf', 'exp']);
const NAME_WIDTH = 9;

/**
 * Header and claims of a token, one per line, with readable times. The signature is left out: with it, a
 * reader could use the token.
 */
export function describeToken(token: string, now: number): string {
  const header = Object.entries(decodeProtectedHeader(token));
  const claims = Object.entries(decodeJwt(token));
  return [
    'header',
    ...header.map(([name, value]) => describeMember(name, value, now)),
    'claims',
    ...claims.map(([name, value]) => describeMember(name, value, now)),
    'signature',
    '  not shown: anyone who has the whole token can use it',
  ].join('\n');
}

function describeMember(name: string, value: unknown, now: number): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const time = TIMES.has(name) && typeof value === 'number' ? ` = ${formatWhen(value * 1000, now)}` : '';
  return `  ${name.padEnd(NAME_WIDTH)} ${text}${time}`;
}

/** For example `2026-11-24 12:36:13 UTC, in 23 h 59 min`. Both in milliseconds since the epoch. */
export function formatWhen(time: number, now: number): string {
  const [date = '', clock = ''] = new Date(time).toISOString().split(/[T.]/);
  const distance = sayDuration(Math.abs(time - now));
  return `${date} ${clock} UTC, ${time > now ? `in ${distance}` : `${distance} ago`}`;
}

/** The two largest units: `1 min 05 s`, `23 h 59 min`. `ms` must not be negative. */
function sayDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [s, min, h] = [seconds % 60, Math.floor(seconds / 60) % 60, Math.floor(seconds / 3600)];
  if (h > 0) return `${h} h ${two(min)} min`;
  return min > 0 ? `${min} min ${two(s)} s` : `${s} s`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
