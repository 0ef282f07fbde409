import { isDeepStrictEqual } from 'node:util';
import type { PatchOperation } from '../../resources/json-patch.ts';
import { keepsComments } from './compare-comments.ts';
import { editText } from './edit-text.ts';
import { expandAliases } from './expand-aliases.ts';
import { parseYaml } from './parse-yaml.ts';
import { readValue } from './read-value.ts';
import { findSpacing, findStyle, writeDocument, type YamlStyle } from './write-in-style.ts';

/** A document as text, after changes. */
export interface WrittenText {
  readonly text: string;
  /** Whether a comment of the source is not in it. */
  readonly losesComments: boolean;
}

/** Nothing has changed, or nothing but what was wanted. */
export function asItIs(text: string): WrittenText {
  return { text, losesComments: false };
}

/**
 * The source with what the operations add, in its style. Tries each way in turn and reads the result again: it must have the
 * wanted value, and nothing else.
 */
export function writeChanged(
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
  const [document] = parseYaml(source);
  const edited = document === undefined ? undefined : editText(source, document, operations, style);
  return edited !== undefined && says(edited, wanted) ? edited : undefined;
}

function withoutAliases(source: string, { eol }: YamlStyle): string {
  const [document] = parseYaml(source);
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
  const [document, ...more] = parseYaml(text);
  if (document === undefined || more.length > 0 || document.errors.length > 0) return false;
  const value = readValue(document);
  return value.ok && isDeepStrictEqual(value.value, wanted);
}
