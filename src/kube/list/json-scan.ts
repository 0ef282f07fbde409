import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../../resources/json-bytes.ts';

/** The meaning for the structure of a byte outside of strings: an object or array ends. */
const ENDS = 1;
/** See `MEANING`: an object or array begins. */
export const BEGINS = 2;
/** Indexed by a byte outside of strings: `BEGINS`, `ENDS`, or 0 for one that changes no depth. */
export const MEANING = new Uint8Array(256);
for (const byte of [OPEN_OBJECT, OPEN_ARRAY]) MEANING[byte] = BEGINS;
for (const byte of [CLOSE_OBJECT, CLOSE_ARRAY]) MEANING[byte] = ENDS;

/** A string is looked through byte by byte as far as this; Node's own search is faster then, but slow to begin. */
const SHORT_STRING = 64;

/** The place of the next quote or bracket, or the chunk's length. */
export function nextMark(chunk: Buffer, from: number): number {
  let at = from;
  for (; at < chunk.length; at += 1) {
    const byte = chunk[at];
    if (byte === QUOTE || MEANING[byte ?? 0] !== 0) break;
  }
  return at;
}

/** The end of the string that contains `from`; `~end` when it continues in the next chunk, from `end` on. */
export function endOfString(chunk: Buffer, from: number): number {
  let at = from;
  while (at < chunk.length) {
    const limit = Math.min(chunk.length, at + SHORT_STRING);
    while (at < limit) {
      const byte = chunk[at];
      at += 1;
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) at += 1;
    }
    if (at >= chunk.length) break;
    const quote = chunk.indexOf(QUOTE, at);
    const end = quote === -1 ? chunk.length : quote;
    let unescaped = end;
    while (unescaped > at && chunk[unescaped - 1] === BACKSLASH) unescaped -= 1;
    const isEscaped = (end - unescaped) % 2 === 1;
    if (quote !== -1 && !isEscaped) return quote + 1;
    at = isEscaped ? end + 1 : end;
  }
  return ~at;
}
