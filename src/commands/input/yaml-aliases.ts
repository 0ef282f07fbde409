import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  visit,
  type Document,
  type Pair,
  type YAMLMap,
} from 'yaml';

/**
 * Writes out what anchors, aliases and merge keys share, so that a change at one place is none at another. The
 * document must have been turned into values before: that refuses aliases which would grow without bound.
 */
export function expandAliases(document: Document.Parsed): void {
  let found = false;
  visit(document, {
    Alias(_key, alias) {
      found = true;
      const copy = alias.resolve(document)?.clone();
      return isNode(copy) ? copy : undefined;
    },
  });
  if (!found) return;
  visit(document, {
    Node(_key, node) {
      if (!isAlias(node)) delete node.anchor;
    },
  });
  expandMergeKeys(document.contents);
}

function expandMergeKeys(node: unknown): void {
  if (!isCollection(node)) return;
  for (const item of node.items) expandMergeKeys(isNode(item) ? item : Reflect.get(Object(item), 'value'));
  if (isMap(node)) mergeInto(node);
}

/** Keys of the map itself win, then those of earlier sources (YAML 1.1, merge type). */
function mergeInto(map: YAMLMap): void {
  const items: Pair[] = [];
  const taken = new Set(map.items.filter((pair) => !isMergeKey(pair)).map(keyOf));
  for (const pair of map.items) {
    if (!isMergeKey(pair)) items.push(pair);
    else {
      for (const source of isSeq(pair.value) ? pair.value.items : [pair.value]) {
        for (const merged of isMap(source) ? source.items : []) {
          if (taken.has(keyOf(merged))) continue;
          taken.add(keyOf(merged));
          items.push(merged);
        }
      }
    }
  }
  map.items = items;
}

function keyOf({ key }: Pair): unknown {
  return isScalar(key) ? key.value : key;
}

function isMergeKey(pair: Pair): boolean {
  const key = keyOf(pair);
  return typeof key === 'symbol' && key.description === '<<';
}
