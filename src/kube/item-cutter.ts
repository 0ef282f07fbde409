import { isJsonObject, type JsonObject } from '../resources/json.ts';
import { HEAD_BYTES, type Piece } from './pieces.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN_ARRAY = 91;

/** What a byte outside of strings means for the structure. */
const ENDS = 1;
const BEGINS = 2;
const MEANING = new Uint8Array(256);
for (const byte of Buffer.from('{[')) MEANING[byte] = BEGINS;
for (const byte of Buffer.from(']}')) MEANING[byte] = ENDS;

/** The list without its items: type, resourceVersion, continue token. A continue token is a few hundred bytes long. */
const LONGEST_ENVELOPE = 65_536;

/** The end of an envelope after which the items come; a key that only ends so has a backslash before the quote. */
const ITEMS = /[{,]\s*"items"\s*:\s*\[$/;
const LONGEST_KEY = 64;

const NO_LIST = 'not a list of objects';

/** A string is looked through byte by byte as far as this; Node's own search is faster then, but slow to begin. */
const SHORT_STRING = 64;

/**
 * Cuts the JSON of a list into the objects in its `items` while its bytes arrive, so that a page of any size costs no
 * more memory than its largest object, and that no more than `longest` bytes. Only the structure is looked at: whether
 * an object is valid JSON is found by parsing it. Throws a SyntaxError for what cannot be a list.
 */
export class ItemCutter {
  readonly #longest: number;
  /** Everything outside of `items`. */
  #envelope = '';
  #head = '{}';
  #depth = 0;
  #inString = false;
  #inItems = false;
  /** Bytes at the beginning of the next chunk that an escape at the end of the last one has used up. */
  #skip = 0;
  /** What stands between two items, without white space. */
  #separator = '';
  #isFirst = true;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The items that this chunk completes, in order. The chunk must not change until the item at its end is complete. */
  feed(chunk: Buffer): readonly Piece[] {
    const pieces: Piece[] = [];
    let start = 0; // of the bytes that were not put anywhere yet
    let at = this.#skip;
    while (at < chunk.length) {
      if (this.#inString) {
        const end = endOfString(chunk, at);
        this.#inString = end < 0;
        at = end < 0 ? ~end : end;
        continue;
      }
      at = nextMark(chunk, at);
      if (at === chunk.length) break;
      const byte = chunk[at];
      at += 1;
      if (byte === QUOTE) {
        this.#inString = true;
      } else if (MEANING[byte ?? 0] === BEGINS) {
        if (this.#inItems && this.#depth === 2) {
          this.#beginItem(chunk, start, at - 1);
          start = at - 1;
        } else if (this.#depth === 1 && byte === OPEN_ARRAY) {
          this.#keepEnvelope(chunk, start, at);
          start = at;
          this.#inItems = ITEMS.test(this.#envelope.slice(-LONGEST_KEY));
          if (this.#inItems) this.#head = `${this.#envelope}]}`;
        }
        this.#depth += 1;
      } else {
        this.#depth -= 1;
        if (this.#inItems && this.#depth === 2) {
          pieces.push(this.#endItem(chunk, start, at));
          start = at;
        } else if (this.#inItems && this.#depth === 1) {
          this.#endItems(chunk, start, at - 1);
          start = at - 1;
        }
      }
    }
    this.#skip = Math.max(0, at - chunk.length);
    this.#keepRest(chunk, start);
    return pieces;
  }

  /** The list's own members that come before its items. */
  head(): JsonObject {
    return parseObject(this.#head);
  }

  /** After the last chunk: the list's own members, `items` empty. Throws a SyntaxError when the list is cut off. */
  end(): JsonObject {
    return parseObject(this.#envelope);
  }

  #beginItem(chunk: Buffer, start: number, end: number): void {
    const isUsual = end - start === 1 && chunk[start] === COMMA && this.#separator === '' && !this.#isFirst;
    if (!isUsual) this.#keepSeparator(chunk, start, end);
    if (!isUsual && this.#separator !== (this.#isFirst ? '' : ',')) throw new SyntaxError(NO_LIST);
    this.#separator = '';
    this.#isFirst = false;
  }

  #endItem(chunk: Buffer, start: number, end: number): Piece {
    const isWhole = this.#length + end - start <= this.#longest;
    if (this.#parts.length === 0) {
      const last = isWhole ? end : Math.min(end, start + HEAD_BYTES);
      return { text: chunk.toString('utf8', start, last), isWhole };
    }
    this.#parts.push(chunk.subarray(start, end));
    const text = Buffer.concat(this.#parts).toString('utf8', 0, isWhole ? undefined : HEAD_BYTES);
    this.#parts = [];
    this.#length = 0;
    return { text, isWhole };
  }

  #endItems(chunk: Buffer, start: number, end: number): void {
    this.#keepSeparator(chunk, start, end);
    if (this.#separator !== '') throw new SyntaxError(NO_LIST);
    this.#inItems = false;
    this.#isFirst = true;
  }

  #keepRest(chunk: Buffer, start: number): void {
    if (start >= chunk.length) return;
    if (!this.#inItems) this.#keepEnvelope(chunk, start, chunk.length);
    else if (this.#depth === 2) this.#keepSeparator(chunk, start, chunk.length);
    else this.#keepPart(chunk.subarray(start));
  }

  /** Of an object that is too long only the beginning is kept. */
  #keepPart(part: Buffer): void {
    const isLonger = this.#length > this.#longest;
    this.#length += part.length;
    if (isLonger) return;
    this.#parts.push(part);
    if (this.#length > this.#longest) {
      this.#parts = [Buffer.concat(this.#parts, Math.min(this.#length, HEAD_BYTES))];
    }
  }

  #keepEnvelope(chunk: Buffer, start: number, end: number): void {
    if (this.#envelope.length + end - start > LONGEST_ENVELOPE) throw new SyntaxError(NO_LIST);
    this.#envelope += chunk.toString('latin1', start, end); // nothing that matters in it is beyond ASCII
  }

  #keepSeparator(chunk: Buffer, start: number, end: number): void {
    this.#separator += chunk.toString('latin1', start, end).replaceAll(/[ \t\r\n]+/g, '');
    if (this.#separator.length > 1) throw new SyntaxError(NO_LIST);
  }
}

/** Where the next quote or bracket is, or the chunk's length. */
function nextMark(chunk: Buffer, from: number): number {
  let at = from;
  for (; at < chunk.length; at += 1) {
    const byte = chunk[at];
    if (byte === QUOTE || MEANING[byte ?? 0] !== 0) break;
  }
  return at;
}

/** Where the string that `from` lies in is over; `~end` when it goes on in the next chunk, from `end` on. */
function endOfString(chunk: Buffer, from: number): number {
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

function parseObject(text: string): JsonObject {
  const object: unknown = JSON.parse(text);
  if (!isJsonObject(object)) throw new SyntaxError(NO_LIST);
  return object;
}
