import { isMap, isScalar, isSeq, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { isMergeKey, keyText } from './read-value.ts';

/** A map or list of a document, and the pair of which it is the value. */
export interface YamlPlace {
  readonly node: YAMLMap | YAMLSeq;
  readonly owner: { readonly map: YAMLMap; readonly pair: Pair } | undefined;
}

/**
 * The collection at a path of keys and positions. `undefined` if it is shared by anchors, aliases or merge keys, so
 * that a change of it would change another place too.
 */
export function findPlace(document: Document.Parsed, path: readonly string[]): YamlPlace | undefined {
  let node: unknown = document.contents;
  let owner: YamlPlace['owner'];
  for (const key of path) {
    if (isShared(node)) return undefined;
    if (isMap(node)) {
      const pair = findPair(node, key);
      if (pair === undefined) return undefined;
      owner = { map: node, pair };
      node = pair.value;
    } else {
      owner = undefined;
      node = isSeq(node) ? node.items[Number(key)] : undefined;
    }
  }
  return (isMap(node) || isSeq(node)) && !isShared(node) ? { node, owner } : undefined;
}

function isShared(node: unknown): boolean {
  if (!isMap(node) && !isSeq(node)) return true;
  return node.anchor !== undefined || (isMap(node) && node.items.some(({ key }) => isMergeKey(key)));
}

/** The node at a path of keys and positions, whether or not it is shared. */
export function findNode(document: Document.Parsed, path: readonly string[]): unknown {
  let node: unknown = document.contents;
  for (const key of path) {
    if (isMap(node)) node = findPair(node, key)?.value;
    else node = isSeq(node) ? node.items[Number(key)] : undefined;
  }
  return node;
}

/** The last pair counts if several have the key. */
export function findPair(map: YAMLMap, key: string): Pair | undefined {
  return map.items.findLast((pair) => keyText(pair.key) === key);
}

/** The place where the text of a node begins, `undefined` for one that was not read from a text. */
export function startOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined;
}

/** The place where the text of a node ends, without the comments and blank lines after it. */
export function endOf(node: unknown, text: string): number | undefined {
  if (isMap(node) && !isFlow(node)) {
    const last = node.items.at(-1);
    return last === undefined ? undefined : endOfPair(last, text);
  }
  if (isSeq(node) && !isFlow(node)) return endOf(node.items.at(-1), text);
  const range = Object(node).range;
  return Array.isArray(range) ? Number(range[1]) : undefined;
}

/** The position after a pair's value, or after its colon where it has none; `undefined` for a pair that is not of the text. */
export function endOfPair(pair: Pair, text: string): number | undefined {
  const colon = colonOf(pair, text);
  const end = endOf(pair.value, text) ?? colon;
  return colon === undefined || end === undefined ? colon : Math.max(colon, end);
}

/** The position after the colon of a pair. */
export function colonOf({ key }: Pair, text: string): number | undefined {
  const end = endOf(key, text);
  const colon = end === undefined ? -1 : text.indexOf(':', end);
  return colon < 0 ? undefined : colon + 1;
}

/** Whether a map or list is written with brackets. */
export function isFlow(node: YAMLMap | YAMLSeq): boolean {
  return node.flow === true;
}
