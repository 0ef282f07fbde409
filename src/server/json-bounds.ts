import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../resources/json-bytes.ts';

/**
 * Up to here a body is not checked: the worst that fits in so few bytes costs some milliseconds, and all reviews but the
 * largest fit.
 */
const UNCHECKED_BYTES = 64 * 1024;
/** A pod with everything nests 15 deep, `managedFields` included. Deeper than thousands, recursion fails. */
const MAX_BODY_DEPTH = 500;

/** How much a body may hold: one that holds more costs a second of the event loop, and is refused unparsed. */
export interface JsonBounds {
  /** Elements of arrays and objects, empty ones included: commas and opening brackets. */
  readonly values: number;
  /** Members of objects. They cost the most: V8 makes a hidden class for each new order of keys, up to 2 µs each. */
  readonly members: number;
}

/**
 * An update carries two objects of up to 3 MiB. Two such pods, of a thousand containers with 25 variables each and with
 * `managedFields`, hold 600,000 values and 370,000 members.
 */
export const ANY_REVIEW: JsonBounds = { values: 700_000, members: 420_000 };

/**
 * A JWT has at most 64 KiB of claims: 10,900 members of 6 bytes, or 43,700 values of 1.5. `managedFields` may name each
 * member once more, and an update carries two JWTs. What holds more can still be stored (the API server ignores
 * our refusal of the request), and the conditions of the JWT say what is wrong with it.
 */
export const JWT_REVIEW: JsonBounds = { values: 100_000, members: 50_000 };

/**
 * The limit that a JSON text exceeds, as a sentence, before it is parsed: `JSON.parse` needs twenty times the memory of the
 * text, and seconds, when it holds nothing but brackets. One pass over the bytes; whether the text is JSON at all is for
 * the parser to find.
 */
export function excessOf(bytes: Uint8Array, bounds: JsonBounds): string | undefined {
  if (bytes.length <= UNCHECKED_BYTES) return undefined;
  let depth = 0;
  let values = 0;
  let members = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = closingQuote(bytes, at + 1);
    else if (byte === COLON) members += 1;
    else if (byte === COMMA) values += 1;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      values += 1;
      depth += 1;
      if (depth > MAX_BODY_DEPTH) return `the body nests more than ${MAX_BODY_DEPTH} deep`;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
    if (values > bounds.values) return `the body holds more than ${bounds.values} values`;
    if (members > bounds.members) return `the body holds more than ${bounds.members} members of objects`;
  }
  return undefined;
}

/** The place of the closing quote of the string whose first character is at `start`. */
function closingQuote(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
