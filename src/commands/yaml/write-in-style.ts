import { isJsonObject } from '../../resources/json.ts';
import { resolvePlain } from './resolve-scalar.ts';

/** How a text is written, so that what is added looks like the rest. */
export interface TextStyle {
  /** Line break. */
  readonly eol: '\n' | '\r\n';
  /** Whether a list is indented deeper than the key that it belongs to. */
  readonly indentsLists: boolean;
}

/** How one document of the text is written. */
export interface YamlStyle extends TextStyle {
  /** Whether the document is JSON, and has to stay so. */
  readonly isJson: boolean;
}

/** A key and its value as lines in block style, without the indentation of the map that they go to. */
export function writeMember(key: string, value: unknown, style: YamlStyle): readonly string[] {
  if (isEmpty(value)) return [`${writeScalar(key)}: ${writeFlow(value, style)}`];
  const indent = Array.isArray(value) && !style.indentsLists ? '' : '  ';
  return [`${writeScalar(key)}:`, ...writeLines(value, style).map((line) => indent + line)];
}

/** A list item as lines in block style, the first one with its dash. */
export function writeItem(value: unknown, style: YamlStyle): readonly string[] {
  const lines = isEmpty(value) ? [writeFlow(value, style)] : writeLines(value, style);
  return lines.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
}

function writeLines(value: unknown, style: YamlStyle): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => writeItem(item, style));
  return Object.entries(Object(value)).flatMap(([key, item]) => writeMember(key, item, style));
}

/** Whether the value has no lines of its own: a scalar, or a collection of nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

/** Writes a value on one line, as in JSON; without quotes where YAML needs none. */
export function writeFlow(value: unknown, style: YamlStyle): string {
  if (Array.isArray(value)) return `[${value.map((item) => writeFlow(item, style)).join(', ')}]`;
  if (!isJsonObject(value)) return style.isJson ? quoted(value) : writeScalar(value);
  const members = Object.entries(value).map(([key, item]) => writeFlowMember(key, item, style));
  return `{${members.join(', ')}}`;
}

/** One `key: value` on one line. */
export function writeFlowMember(key: string, value: unknown, style: YamlStyle): string {
  return `${style.isJson ? quoted(key) : writeScalar(key)}: ${writeFlow(value, style)}`;
}

function writeScalar(value: unknown): string {
  return typeof value === 'string' && isPlain(value) ? value : quoted(value);
}

/** Texts that mean the same without quotes anywhere in YAML; names and paths mostly are. */
const PLAIN = /^[A-Za-z0-9/][-\w./@]*$/;

function isPlain(text: string): boolean {
  return PLAIN.test(text) && typeof resolvePlain(text) === 'string';
}

/** JSON is YAML, except for some characters that YAML does not print. */
function quoted(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007F-\u009F\u2028\u2029\uFEFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A document of its own, without any of the comments that it once had. */
export function writeDocument(value: unknown, style: YamlStyle): string {
  const lines = isEmpty(value) || style.isJson ? [writeFlow(value, style)] : writeLines(value, style);
  return lines.map((line) => line + style.eol).join('');
}

/** A key on a line of its own, blank lines and comments, and the dash of a list. */
const LIST_ITEM = /(?<![^\n])( *)[^\s#-][^\n]*:[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)- /;

/** Finds the style that the first list below a key shows, and the first line break. */
export function findStyle(text: string): TextStyle {
  const list = LIST_ITEM.exec(text);
  return {
    eol: /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n',
    indentsLists: list === null || list[1] !== list[2],
  };
}

/** How far the text moves to the right for each level, and whether there are spaces inside of its braces. */
export function findSpacing(text: string): { readonly indent: number; readonly padsFlow: boolean } {
  const steps = Array.from(
    text.matchAll(NESTED),
    ([, outer = '', inner = '']) => inner.length - outer.length,
  );
  const flow = /(?<![{$])\{( ?)[^\s{}]/.exec(text) ?? /\[( ?)[^\s\]]/.exec(text);
  return { indent: steps.find((step) => step > 0) ?? 2, padsFlow: flow?.[1] !== '' };
}

/** A key on a line of its own, blank lines and comments, and a key below it. */
const NESTED = /(?<![^\n])( *)[^\s#-][^\n]*:[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( +)[^\s#-]/g;

/** Whether the text is a JSON object or list. */
export function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
