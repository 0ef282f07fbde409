import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from 'yaml';
import { isMergeKey, keyText } from './yaml-value.ts';

/**
 * Writes out what anchors, aliases and merge keys share, so that a change in one place does not change another. The
 * document must have been read as a value before: that refuses aliases which would grow without limit.
 */
export function expandAliases(document: Document.Parsed): void {
  expand(document.contents, new Map());
}

/** The node itself, changed in place; a copy for an alias. */
function expand(node: unknown, anchors: Map<string, Node>): unknown {
  if (isAlias(node)) return anchors.get(node.source)?.clone() ?? node;
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return node;
  if (isMap(node)) {
    for (const pair of node.items) pair.value = expand(pair.value, anchors);
    node.items = mergeItems(node);
  } else if (isSeq(node)) node.items = node.items.map((item) => expand(item, anchors));
  if (node.anchor !== undefined) anchors.set(node.anchor, node);
  delete node.anchor;
  return node;
}

/** Of a key that is there more than once the last counts; a merge key stands for the keys that it brings. */
function mergeItems({ items }: YAMLMap): Pair[] {
  const found = new Map<unknown, Pair>();
  const put = (pair: Pair): void => {
    found.set(keyText(pair.key) ?? pair.key, pair);
  };
  for (const pair of items) {
    if (!isMergeKey(pair.key)) put(pair);
    else {
      const sources = isSeq(pair.value) ? pair.value.items.toReversed() : [pair.value];
      for (const source of sources) if (isMap(source)) source.items.forEach(put);
    }
  }
  return [...found.values()];
}
