import { isJsonObject } from '../resources/json.ts';

/** A PEM block or a compact JWS, wherever it stands in a text. */
const SECRET = /-----BEGIN |\beyJ[\w-]{10,}\.[\w-]{10,}\./;
const CENSORED = '[redacted]';
/** Deeper than any line of ours. */
const MAX_DEPTH = 4;

/**
 * A second net only: no line is ever given a key or a token in the first place. Looks at the values, since a leak has
 * no agreed name, and copies nothing unless there is something to hide.
 */
export function withoutSecrets(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let clean = fields;
  for (const [key, value] of Object.entries(fields)) {
    const shown = censor(value, depth);
    if (shown === value) continue;
    if (clean === fields) clean = Object.fromEntries(Object.entries(fields));
    clean[key] = shown;
  }
  return clean;
}

function censor(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return SECRET.test(value) ? CENSORED : value;
  if (depth < MAX_DEPTH && isJsonObject(value) && !(value instanceof Error)) {
    return withoutSecrets(value, depth + 1);
  }
  return value;
}
