import { LineCounter, type Document, type YAMLError } from 'yaml';
import type { PatchOperation } from '../../resources/json-patch.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { applyPatch } from './apply-patch.ts';
import { endOf, findNode, startOf } from './find-place.ts';
import { findOtherBreak, withLineFeeds } from './line-breaks.ts';
import { parseYaml } from './parse-yaml.ts';
import { readValue } from './read-value.ts';
import { sayWhere } from './say-where.ts';
import { asItIs, writeChanged, type WrittenText } from './write-changed.ts';
import { findStyle, isJson, type TextStyle, type YamlStyle } from './write-in-style.ts';
import { splitJsonObjects } from './split-json.ts';

/** One document of a file, which can be changed without losing its comments, order and style. */
export interface EditableDocument {
  /** The value as Kubernetes reads it; a `bigint` where a number would lose digits. */
  readonly value: unknown;
  /** The text as it is in the file, or after `addTo`. Ends with a line break. */
  readonly text: () => string;
  /** Whether a comment of the file is not in `text`: no other way to write what `addTo` added was found. */
  readonly losesComments: () => boolean;
  /** Takes only `add` operations of RFC 6902 whose parents exist. */
  readonly addTo: (operations: readonly PatchOperation[]) => void;
  /** The value after `addTo`. */
  readonly changedValue: () => unknown;
  /** Whether the text is one JSON object and nothing else: kubectl reads such texts one after the other, too. */
  readonly isJsonObject: () => boolean;
  /** The text of the value at a path of keys and positions; `undefined` if there is no value, or an alias. */
  readonly written: (path: readonly string[]) => string | undefined;
}

/** A document that cannot be read: which one, from 1, and why, with the remedy. */
interface YamlProblem {
  readonly document: number;
  readonly message: string;
}

/** More than any application has; each needs memory before the next is read. */
const MAX_DOCUMENTS = 10_000;

/**
 * The documents of a YAML text, or the objects of a JSON text, to be changed in place; together they are the whole text, except
 * that a carriage return alone in JSON becomes a line feed. Comments alone are an empty document. The problem names
 * the first document that cannot be read.
 */
export function readEditable(text: string): Result<readonly EditableDocument[], YamlProblem> {
  const objects = splitJsonObjects(text);
  if (objects === undefined) return readYaml(text);
  if (objects.length > MAX_DOCUMENTS) return refuseNumber(objects.length);
  const read: EditableDocument[] = [];
  for (const [index, object] of objects.entries()) {
    const documents = readYaml(object);
    if (!documents.ok) return fail({ ...documents.problem, document: index + 1 });
    read.push(...documents.value);
  }
  return ok(read);
}

function readYaml(given: string): Result<readonly EditableDocument[], YamlProblem> {
  const text = isJson(given) ? withLineFeeds(given) : given;
  const count = text.match(/^(?:---|\.\.\.)(?=\s|$)/gm)?.length ?? 0;
  if (count > MAX_DOCUMENTS) return refuseNumber(count);
  const lineCounter = new LineCounter();
  const documents = tryToParse(text, lineCounter);
  if (documents === undefined) return fail({ document: 1, message: TOO_DEEP });
  const style = findStyle(text);
  const read: EditableDocument[] = [];
  let start = 0;
  for (const [index, document] of documents.entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      return fail({ document: index + 1, message: describeYamlError(text, error, lineCounter) });
    }
    if (index > 0 && isUnseenByKubectl(document)) return fail({ document: index, message: NOTHING_AFTER });
    // The text between two documents belongs to the second, or after the last to that.
    const end = index === documents.length - 1 ? text.length : endOfDocument(document, text);
    const source = text.slice(start, end);
    const otherBreak = findOtherBreak(source);
    if (otherBreak !== undefined) {
      const message = describeBreak(text, start + otherBreak, lineCounter);
      return fail({ document: index + 1, message });
    }
    const value = readValue(document);
    if (!value.ok) {
      const { fault, remedy, at } = value.problem;
      return fail({ document: index + 1, message: sayWhere(text, lineCounter, at, fault, remedy) });
    }
    read.push(editable(source, value.value, yamlStyleOf(document, text, style)));
    start = end;
  }
  return ok(start < text.length ? [editable(text, null, { ...style, isJson: false })] : read);
}

function refuseNumber(count: number): Result<never, YamlProblem> {
  return fail({ document: MAX_DOCUMENTS, message: `${count} documents are too many: split the file` });
}

const NOTHING_AFTER = 'it ends with `...`, and kubectl reads nothing after that: put `---` below it';

/** Whether it has a value, and follows `...` without a `---`: of what is between two `---` kubectl reads one document. */
function isUnseenByKubectl({ directives, contents }: Document.Parsed): boolean {
  return directives.docStart !== true && contents !== null && contents.range[0] < contents.range[1];
}

function yamlStyleOf({ contents }: Document.Parsed, text: string, style: TextStyle): YamlStyle {
  const [start, end] = contents?.range ?? [0, 0];
  return { ...style, isJson: isJson(text.slice(start, end)) };
}

/** After the line break, which the library does not count for a document of nothing but `---`. */
function endOfDocument({ range: [, , end] }: Document.Parsed, text: string): number {
  return text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
}

const TOO_DEEP = 'lists and maps are nested too deeply: reduce the nesting';

/** `undefined` where the stack ends: for each level of some broken texts the library's parser calls itself. */
function tryToParse(text: string, lineCounter: LineCounter): readonly Document.Parsed[] | undefined {
  try {
    return parseYaml(text, lineCounter);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function describeYamlError(
  text: string,
  { code, message, pos: [at] }: YAMLError,
  lineCounter: LineCounter,
): string {
  return code === 'RESOURCE_EXHAUSTION'
    ? TOO_DEEP
    : sayWhere(text, lineCounter, at, message, 'correct the YAML');
}

function describeBreak(text: string, at: number, lineCounter: LineCounter): string {
  const { line, col } = lineCounter.linePos(at);
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  const remedy =
    text[at] === '\r' ? String.raw`use \n or \r\n as line ends` : String.raw`remove it, or write "\u${code}"`;
  return `U+${code} at line ${line}, column ${col} is a line break to kubectl: ${remedy}`;
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
      parsed ??= parseYaml(source)[0]; // once, as each of many objects may ask
      const node = parsed === undefined ? undefined : findNode(parsed, path);
      const [start, end] = [startOf(node), endOf(node, source)];
      return start === undefined || end === undefined ? undefined : source.slice(start, end);
    },
    addTo: (added) => {
      operations.push(...added);
      written = undefined;
    },
    isJsonObject: () => source.trimStart().startsWith('{') && isJson(source),
    losesComments: () => write().losesComments,
    text: () => {
      const { text } = write();
      return text.endsWith('\n') || text === '' ? text : text + style.eol;
    },
  };
}
