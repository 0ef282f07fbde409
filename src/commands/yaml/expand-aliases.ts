import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { isMergeKey, keyText } from './read-value.ts';

/**
 * Writes out what anchors, aliases and merge keys share, so that a change in one place does not change another. The
 * document must have been read as a value before: that refuses aliases which would grow without limit.
 */
export function expandAliases(document: Document.Parsed): void {
  expand(document.contents, new Map());
}

/** The node itself, changed in place; a copy for an alias. */
function expand(node: unknown, anchors: Map<string, Node>): unknown {
  if (isAlias(node)) return copyFor(node, anchors);
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return node;
  if (isMap(node)) {
    const comments = node.items.map((pair) => (isMergeKey(pair.key) ? commentsOf(pair) : ''));
    for (const pair of node.items) pair.value = expand(pair.value, anchors);
    node.items = mergeItems(node, comments);
  } else if (isSeq(node)) node.items = node.items.map((item) => expand(item, anchors));
  if (node.anchor !== undefined) anchors.set(node.anchor, node);
  delete node.anchor;
  return node;
}

/** A copy of the node that the alias stands for, with the comments of the alias. */
function copyFor(alias: Alias, anchors: Map<string, Node>): Node {
  const copy = anchors.get(alias.source)?.clone();
  if (!isMap(copy) && !isSeq(copy) && !isScalar(copy)) return alias;
  if (isScalar(copy)) {
    copy.comment = alias.comment ?? null;
    copy.commentBefore = alias.commentBefore ?? null;
  } else copy.commentBefore = joinComments(alias.commentBefore, alias.comment, copy.commentBefore);
  return copy;
}

/** The last one counts if a key is there more than once; a merge key stands for the keys that it brings. */
function mergeItems({ items }: YAMLMap, comments: readonly string[]): Pair[] {
  const found = new Map<unknown, Pair>();
  const put = (pair: Pair): unknown => {
    const key = keyText(pair.key) ?? pair.key;
    found.set(key, pair);
    return key;
  };
  const commentOf = new Map<unknown, string>();
  for (const [index, pair] of items.entries()) {
    if (!isMergeKey(pair.key)) put(pair);
    else {
      const sources = isSeq(pair.value) ? pair.value.items.toReversed() : [pair.value];
      const [first] = sources.flatMap((source) => (isMap(source) ? source.items.map(put) : []));
      if (first !== undefined) commentOf.set(first, joinComments(commentOf.get(first), comments[index]));
    }
  }
  // A comment about a merge key stays where its keys are, even if another one takes the place of the first.
  for (const [key, comment] of commentOf) {
    const first = found.get(key)?.key;
    if (comment !== '' && isScalar(first)) first.commentBefore = joinComments(comment, first.commentBefore);
  }
  return [...found.values()];
}

/** All comments at a merge key and its aliases, before these are expanded. */
function commentsOf({ key, value }: Pair): string {
  const aliases = isSeq(value) ? [value, ...value.items] : [value];
  const nodes = [key, ...aliases].filter((node) => isScalar(node) || isAlias(node) || isSeq(node));
  return joinComments(...nodes.flatMap((node) => [node.commentBefore, node.comment]));
}

function joinComments(...comments: readonly (string | null | undefined)[]): string {
  return comments.filter((comment) => (comment ?? '') !== '').join('\n');
}
