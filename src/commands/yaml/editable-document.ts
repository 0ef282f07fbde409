import { isDeepStrictEqual } from 'node:util';
import {
  LineCounter,
  parseAllDocuments,
  type Document,
  type ParseOptions,
  type DocumentOptions,
  type SchemaOptions,
  type YAMLError,
} from 'yaml';
import type { PatchOperation } from '../../resources/json-patch.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { applyPatch } from './apply-patch.ts';
import { expandAliases } from './expand-aliases.ts';
import { keepsComments } from './compare-comments.ts';
import { editText } from './edit-text.ts';
import { endOf, findNode, startOf } from './find-place.ts';
import { YamlFault } from './yaml-fault.ts';
import { readValue } from './read-value.ts';
import { findSpacing, findStyle, writeDocument, type YamlStyle } from './write-in-style.ts';

/** One document of a file, which can be changed without losing its comments, order and style. */
export interface EditableDocument {
  /** As Kubernetes reads it; a `bigint` where a number would lose digits. */
  readonly value: unknown;
  /** As it is in the file, or as it is after `addTo`. Ends with a line break. */
  readonly text: () => string;
  /** Whether a comment of the file is not in `text`: no other way to write what `addTo` added was found. */
  readonly losesComments: () => boolean;
  /** Only `add` operations of RFC 6902 whose parents exist. */
  readonly addTo: (operations: readonly PatchOperation[]) => void;
  /** The value after `addTo`. */
  readonly changedValue: () => unknown;
  /** The text of the value at a path of keys and positions; `undefined` if there is no value, or an alias. */
  readonly written: (path: readonly string[]) => string | undefined;
}

/** A document that cannot be read: which one, from 1, and why, with the remedy. */
export interface YamlProblem {
  readonly document: number;
  readonly message: string;
}

/** More than any application has; each needs memory before the next is read. */
const MAX_DOCUMENTS = 10_000;

/** Nothing is resolved by the library: Kubernetes reads other values than YAML 1.2 and 1.1 say. */
const AS_WRITTEN: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  resolveKnownTags: false,
  uniqueKeys: false,
  logLevel: 'error',
  prettyErrors: false, // for each of many errors on one long line the library would look through all of it
};

/**
 * The documents of a YAML or JSON text, to be changed in place; together they are the whole text. Comments alone are a
 * document of nothing. The problem names the first document that cannot be read.
 */
export function readEditable(text: string): Result<readonly EditableDocument[], YamlProblem> {
  const count = text.match(/^(?:---|\.\.\.)(?=\s|$)/gm)?.length ?? 0;
  if (count > MAX_DOCUMENTS) {
    return fail({ document: MAX_DOCUMENTS, message: `${count} documents are too many: split the file` });
  }
  const lineCounter = new LineCounter();
  const documents = tryToParse(text, lineCounter);
  if (documents === undefined) return fail({ document: 1, message: TOO_DEEP });
  const style = findStyle(text);
  const read: EditableDocument[] = [];
  let start = 0;
  for (const [index, document] of documents.entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      return fail({ document: index + 1, message: describeError(error, lineCounter) });
    }
    // What is between two documents belongs to the second, or after the last to that.
    const end = index === documents.length - 1 ? text.length : endOfDocument(document, text);
    const value = valueOfDocument(document);
    if (!value.ok) return fail({ document: index + 1, message: value.problem });
    read.push(editable(text.slice(start, end), value.value, style));
    start = end;
  }
  return ok(start < text.length ? [editable(text, null, style)] : read);
}

/** After the line break, which the library does not count for a document of nothing but `---`. */
function endOfDocument({ range: [, , end] }: Document.Parsed, text: string): number {
  return text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
}

const TOO_DEEP = 'lists and maps are nested too deeply: reduce the nesting';

/** Empty if there is no document at all. */
function parse(text: string, lineCounter = new LineCounter()): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, { ...AS_WRITTEN, lineCounter });
  return 'empty' in documents ? [] : documents;
}

/** `undefined` where the stack ends: for each level of some broken texts the library's parser calls itself. */
function tryToParse(text: string, lineCounter: LineCounter): readonly Document.Parsed[] | undefined {
  try {
    return parse(text, lineCounter);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function valueOfDocument(document: Document.Parsed): Result<unknown, string> {
  try {
    return ok(readValue(document));
  } catch (error) {
    if (error instanceof YamlFault) return fail(error.message);
    throw error;
  }
}

function describeError({ code, message, pos: [at] }: YAMLError, lineCounter: LineCounter): string {
  if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP;
  const { line, col } = lineCounter.linePos(at);
  return `${message} at line ${line}, column ${col}: correct the YAML`;
}

function editable(source: string, value: unknown, style: YamlStyle): EditableDocument {
  const operations: PatchOperation[] = [];
  const changedValue = (): unknown => applyPatch(value, operations);
  let parsed: Document.Parsed | undefined;
  let written: WrittenText | undefined;
  const write = (): WrittenText => {
    written ??=
      operations.length === 0 ? asItIs(source) : writeChanged(source, operations, changedValue(), style);
    return written;
  };
  return {
    value,
    changedValue,
    written: (path) => {
      parsed ??= parse(source)[0]; // once, as each of many objects may ask
      const node = parsed === undefined ? undefined : findNode(parsed, path);
      const [start, end] = [startOf(node), endOf(node, source)];
      return start === undefined || end === undefined ? undefined : source.slice(start, end);
    },
    addTo: (added) => {
      operations.push(...added);
      written = undefined;
    },
    losesComments: () => write().losesComments,
    text: () => {
      const { text } = write();
      return text.endsWith('\n') || text === '' ? text : text + style.eol;
    },
  };
}

interface WrittenText {
  readonly text: string;
  readonly losesComments: boolean;
}

function asItIs(text: string): WrittenText {
  return { text, losesComments: false };
}

/** Tries each way in turn and reads the result again: it must have the wanted value, and nothing else. */
function writeChanged(
  source: string,
  operations: readonly PatchOperation[],
  wanted: unknown,
  style: YamlStyle,
): WrittenText {
  const inPlace = edit(source, operations, wanted, style);
  if (inPlace !== undefined) return asItIs(inPlace);
  const text = edit(withoutAliases(source, style), operations, wanted, style) ?? writeDocument(wanted, style);
  return { text, losesComments: !keepsComments(source, text) };
}

function edit(
  source: string,
  operations: readonly PatchOperation[],
  wanted: unknown,
  style: YamlStyle,
): string | undefined {
  const [document] = parse(source);
  const edited = document === undefined ? undefined : editText(source, document, operations, style);
  return edited !== undefined && says(edited, wanted) ? edited : undefined;
}

function withoutAliases(source: string, { eol }: YamlStyle): string {
  const [document] = parse(source);
  if (document === undefined) return source;
  expandAliases(document);
  const { indentsLists } = findStyle(source);
  const { indent, padsFlow } = findSpacing(source);
  const text = document.toString({
    lineWidth: 0,
    indent,
    indentSeq: indentsLists,
    flowCollectionPadding: padsFlow,
  });
  return text.replaceAll('\n', eol);
}

function says(text: string, wanted: unknown): boolean {
  const [document, ...more] = parse(text);
  if (document === undefined || more.length > 0 || document.errors.length > 0) return false;
  const value = valueOfDocument(document);
  return value.ok && isDeepStrictEqual(value.value, wanted);
}
