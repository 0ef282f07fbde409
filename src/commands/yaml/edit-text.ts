import { isMap, isScalar, isSeq, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { pointerPath, type PatchOperation } from '../../resources/json-patch.ts';
import {
  colonOf,
  endOf,
  endOfPair,
  findPair,
  findPlace,
  isFlow,
  startOf,
  type YamlPlace,
} from './find-place.ts';
import { writeFlow, writeFlowMember, writeItem, writeMember, type YamlStyle } from './write-in-style.ts';

/** Some text that replaces other text. */
interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
  /** How deep in the document: of two edits at one place the deeper comes first. */
  readonly depth: number;
}

/**
 * The text with what the operations add, otherwise unchanged to the character. `undefined` if that is not
 * possible: what is changed is shared by anchors or merge keys, or written in an unusual way.
 */
export function editText(
  text: string,
  document: Document.Parsed,
  operations: readonly PatchOperation[],
  style: YamlStyle,
): string | undefined {
  const edits: Edit[] = [];
  for (const group of groupByTarget(operations)) {
    const place = findPlace(document, group.path);
    const found = place === undefined ? undefined : planGroup({ text, style, place }, group);
    if (found === undefined) return undefined;
    for (const edit of found) edits.push({ depth: group.path.length, ...edit });
  }
  let edited = '';
  let position = 0;
  for (const { at, end, text: added } of edits.toSorted((a, b) => a.at - b.at || b.depth - a.depth)) {
    if (at < position) return undefined;
    edited += text.slice(position, at) + added;
    position = end;
  }
  return edited + text.slice(position);
}

/** The additions to one map or list: a member, or items at one end. */
interface Group {
  readonly path: readonly string[];
  /** Key of the member, `0` for the front of a list, `-` for its end. */
  readonly key: string;
  readonly values: unknown[];
}

function groupByTarget(operations: readonly PatchOperation[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const operation of operations) {
    const path = [...pointerPath(operation.path)];
    const key = path.pop() ?? '';
    const group = groups.get(operation.path) ?? { path, key, values: [] };
    groups.set(operation.path, group);
    if (operation.op === 'add') group.values.push(operation.value);
  }
  return [...groups.values()];
}

interface Ground {
  readonly text: string;
  readonly style: YamlStyle;
  readonly place: YamlPlace;
}

/** An edit whose text is as deep as the node that it is added to, unless it has a depth. */
type PlannedEdit = Omit<Edit, 'depth'> & Partial<Pick<Edit, 'depth'>>;

function planGroup(ground: Ground, { path, key, values }: Group): readonly PlannedEdit[] | undefined {
  const { node, owner } = ground.place;
  if (isMap(node)) {
    const pair = findPair(node, key);
    if (pair !== undefined) {
      const depth = path.length + 1; // before a member that is added below the last one
      return replaceValue(ground, node, pair, values[0])?.map(({ at, end, text }) => ({
        at,
        end,
        text,
        depth,
      }));
    }
    return isFlow(node)
      ? addToFlow(ground, node, writeFlowMember(key, values[0], ground.style), key)
      : addLines(ground, endOf(node, ground.text), startOf(node), writeMember(key, values[0], ground.style));
  }
  const lines = values.flatMap((value) => writeItem(value, ground.style));
  if (!isFlow(node)) {
    return key === '0'
      ? addLines(
          ground,
          owner === undefined ? undefined : colonOf(owner.pair, ground.text),
          startOf(node),
          lines,
        )
      : addLines(ground, endOf(node, ground.text), startOf(node), lines);
  }
  if (node.items.length === 0 && owner !== undefined && !isFlow(owner.map)) {
    return replaceValue(ground, owner.map, owner.pair, values);
  }
  return addToFlow(ground, node, writeItems(values, ground.style), key);
}

/** A value of nothing (`null`, `[]`) by another, in the way in which the map around it is written. */
function replaceValue(
  { text, style }: Ground,
  map: YAMLMap,
  pair: Pair,
  value: unknown,
): readonly PlannedEdit[] | undefined {
  const [colon, end, start] = [colonOf(pair, text), endOfPair(pair, text), startOf(map)];
  const isNothing = isSeq(pair.value) ? pair.value.items.length === 0 : isScalar(pair.value);
  if (colon === undefined || end === undefined || start === undefined || !isNothing) return undefined;
  const comments = commentsIn(pair.value, text, colon);
  // A null that is not written at all may have its place behind the spaces before a comment.
  const at = { at: colon, end: colon + text.slice(colon, end).trimEnd().length };
  if (isFlow(map)) {
    if (comments.length === 0) return [{ ...at, text: ` ${writeFlow(value, style)}` }];
    return isSeq(pair.value)
      ? addToFlow({ text, style }, pair.value, writeItems(value, style), '-')
      : undefined;
  }
  const indent = style.eol + ' '.repeat(columnOf(text, start));
  const kept = comments.map((comment, index) => (index === 0 ? ' ' : indent) + comment).join('');
  const [, ...lines] = writeMember('', value, style);
  return [{ ...at, text: kept }, ...linesBelow({ text, style }, end, start, lines)];
}

/** The comments between a colon and the end of a value of nothing. */
function commentsIn(value: unknown, text: string, colon: number): readonly string[] {
  const start = startOf(value) ?? colon;
  const inside = isSeq(value) ? text.slice(start + 1, endOf(value, text)) : '';
  const lines = [text.slice(colon, start), inside.replace(/\]$/, '')].flatMap((part) => part.split('\n'));
  return lines.flatMap((line) => /(?:^|\s)(#[^\n]*)/.exec(line)?.[1]?.trimEnd() ?? []);
}

function addLines(
  ground: Ground,
  after: number | undefined,
  start: number | undefined,
  lines: readonly string[],
): readonly PlannedEdit[] | undefined {
  return after === undefined || start === undefined ? undefined : linesBelow(ground, after, start, lines);
}

/** Whole lines below the one that contains `after`, as far to the right as what begins at `start`. */
function linesBelow(
  { text, style }: Pick<Ground, 'text' | 'style'>,
  after: number,
  start: number,
  lines: readonly string[],
): readonly PlannedEdit[] {
  const at = lineEnd(text, after);
  const indent = ' '.repeat(columnOf(text, start));
  return [{ at, end: at, text: lines.map((line) => style.eol + indent + line).join('') }];
}

function lineEnd(text: string, position: number): number {
  const found = text[position - 1] === '\n' ? position - 1 : text.indexOf('\n', position);
  const end = found < 0 ? text.length : found;
  return text[end - 1] === '\r' ? end - 1 : end;
}

function columnOf(text: string, position: number): number {
  return position - (text.lastIndexOf('\n', position - 1) + 1);
}

/** Items of a list in brackets. */
function writeItems(values: unknown, style: YamlStyle): string {
  return Array.isArray(values) ? values.map((value) => writeFlow(value, style)).join(', ') : '';
}

/** Into braces or brackets, spaced and broken into lines as what is there. */
function addToFlow(
  { text, style }: Pick<Ground, 'text' | 'style'>,
  node: YAMLMap | YAMLSeq,
  added: string,
  key: string,
): readonly PlannedEdit[] | undefined {
  const start = startOf(node);
  if (start === undefined) return undefined;
  const [, space = ''] = /^(\s*)/.exec(text.slice(start + 1)) ?? [];
  const gap = space.replace(/^.*\n(?=[^\n]*$)/s, style.eol);
  const last = node.items.at(-1);
  if (last === undefined) return [{ at: start + 1, end: start + 1, text: added }];
  if (key === '0') {
    const at = start + 1;
    return [{ at, end: at, text: `${gap}${added},${gap === '' ? ' ' : ''}` }];
  }
  const at = 'key' in Object(last) && isMap(node) ? endOfFlowPair(last, text) : endOf(last, text);
  if (at === undefined) return undefined;
  const trailing = /^\s*,/.exec(text.slice(at))?.[0] ?? '';
  const separator = gap.includes('\n') ? gap : ' ';
  // The place of a null that is not written at all may be where a comment begins.
  const after = text[at] === '#' ? ' ' : '';
  return trailing === ''
    ? [{ at, end: at, text: `,${separator}${added}${after}` }]
    : [{ at: at + trailing.length, end: at + trailing.length, text: `${separator}${added},` }];
}

function endOfFlowPair(pair: unknown, text: string): number | undefined {
  const { key, value } = Object(pair);
  return value === null ? endOf(key, text) : (endOf(value, text) ?? endOf(key, text));
}
