import { isJsonObject, type JsonObject } from '../../resources/json.ts';
import { COMMA, OPEN_ARRAY, QUOTE } from '../../resources/json-bytes.ts';
import { BEGINS, endOfString, MEANING, nextMark } from './json-scan.ts';
import { HEAD_BYTES, type Piece } from './pieces.ts';

/** The list without its items: type, resourceVersion, continue token. A continue token is a few hundred bytes long. */
const MAX_ENVELOPE_BYTES = 65_536;

/** The end of an envelope after which the items come; a key that only ends so has a backslash before the quote. */
const ITEMS = /[{,]\s*"items"\s*:\s*\[$/;
const MAX_KEY_BYTES = 64;

const NO_LIST = 'not a list of objects';

/**
 * Depths, as the number of brackets that are open:
 *
 *     {"kind": …, "items": [{"metadata": {"name": …, "managedFields": […]}, …}, …]}
 *     1                    23            4
 */
const IN_LIST = 1;
const IN_ITEMS = 2;
const IN_METADATA = 4;
const MANAGED_FIELDS = Buffer.from('"managedFields":[');

/**
 * `longest`: bytes of one object; a longer one is left out. `withoutManagedFields`: `metadata.managedFields` of each
 * becomes empty.
 */
interface CutterOptions {
  readonly longest: number;
  readonly withoutManagedFields?: boolean;
}

/**
 * Cuts the JSON of a list into the objects in its `items` while its bytes arrive, so that a page of any size costs no more
 * memory than its largest object, and that no more than `longest` bytes. Only the structure is read: whether an object is valid
 * JSON is found by parsing it. Throws a SyntaxError for what cannot be a list.
 */
export class ItemCutter {
  readonly #longest: number;
  readonly #withoutManagedFields: boolean;
  /** Everything outside of `items`. */
  #envelope = '';
  /** Its last characters: V8 copies a text that was put together as soon as somebody looks into it. */
  #lastKey = '';
  #head = '{}';
  #depth = 0;
  #inString = false;
  #inItems = false;
  /** Bytes at the beginning of the next chunk that an escape at the end of the last one has used up. */
  #skip = 0;
  /** The text between two items, without white space. */
  #separator = '';
  #isFirst = true;
  /** Inside of managed fields that are left out. */
  #isDropping = false;
  #parts: Buffer[] = [];
  #length = 0;

  /** `longest`: bytes of an item. Without its managed fields, they are an empty array in each item. */
  constructor({ longest, withoutManagedFields = false }: CutterOptions) {
    this.#longest = longest;
    this.#withoutManagedFields = withoutManagedFields;
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
      const byte = chunk[at] ?? 0;
      at += 1;
      if (byte === QUOTE) this.#inString = true;
      else if (MEANING[byte] === BEGINS) start = this.#begin(chunk, start, at);
      else start = this.#end(chunk, start, at, pieces);
    }
    this.#skip = Math.max(0, at - chunk.length);
    this.#keepRest(chunk, start);
    return pieces;
  }

  /** The list's own members that come before its items. */
  head(): JsonObject {
    return parseObject(this.#head);
  }

  /** Ends after the last chunk; returns the list's own members, `items` empty. Throws a SyntaxError when the list is cut off. */
  end(): JsonObject {
    return parseObject(this.#envelope);
  }

  /** A bracket before `at` begins something. Gives the start of the bytes that were not put anywhere yet. */
  #begin(chunk: Buffer, start: number, at: number): number {
    const depth = this.#depth;
    this.#depth += 1;
    if (this.#inItems && depth === IN_ITEMS) {
      this.#beginItem(chunk, start, at - 1);
      return at - 1;
    }
    if (depth === IN_LIST && chunk[at - 1] === OPEN_ARRAY) {
      this.#keepEnvelope(chunk, start, at);
      this.#inItems = ITEMS.test(this.#lastKey);
      if (this.#inItems) this.#head = `${this.#envelope}]}`;
      return at;
    }
    if (depth === IN_METADATA && this.#withoutManagedFields && isManagedFields(chunk, at)) {
      this.#keepPart(chunk.subarray(start, at));
      this.#isDropping = true;
    }
    return start;
  }

  /** As `#begin`, for a bracket that ends something. */
  #end(chunk: Buffer, start: number, at: number, pieces: Piece[]): number {
    this.#depth -= 1;
    if (this.#isDropping && this.#depth === IN_METADATA) {
      this.#isDropping = false;
      return at - 1;
    }
    if (this.#inItems && this.#depth === IN_ITEMS) {
      pieces.push(this.#endItem(chunk, start, at));
      return at;
    }
    if (this.#inItems && this.#depth === IN_LIST) {
      this.#endItems(chunk, start, at - 1);
      return at - 1;
    }
    return start;
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
    if (start >= chunk.length || this.#isDropping) return;
    if (!this.#inItems) this.#keepEnvelope(chunk, start, chunk.length);
    else if (this.#depth === IN_ITEMS) this.#keepSeparator(chunk, start, chunk.length);
    else this.#keepPart(chunk.subarray(start));
  }

  /** Keeps only the beginning of an object that is too long. */
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
    if (this.#envelope.length + end - start > MAX_ENVELOPE_BYTES) throw new SyntaxError(NO_LIST);
    const text = chunk.toString('latin1', start, end); // nothing that matters in it is beyond ASCII
    this.#envelope += text;
    this.#lastKey = (this.#lastKey + text).slice(-MAX_KEY_BYTES);
  }

  #keepSeparator(chunk: Buffer, start: number, end: number): void {
    this.#separator += chunk.toString('latin1', start, end).replaceAll(/[ \t\r\n]+/g, '');
    if (this.#separator.length > 1) throw new SyntaxError(NO_LIST);
  }
}

/** Whether the bracket before `end` begins managed fields; one that a chunk boundary cuts is not noticed. */
function isManagedFields(chunk: Buffer, end: number): boolean {
  const start = end - MANAGED_FIELDS.length;
  return start >= 0 && chunk.compare(MANAGED_FIELDS, 0, MANAGED_FIELDS.length, start, end) === 0;
}

function parseObject(text: string): JsonObject {
  const object: unknown = JSON.parse(text);
  if (!isJsonObject(object)) throw new SyntaxError(NO_LIST);
  return object;
}
