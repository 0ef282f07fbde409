import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type YAMLMap } from 'yaml';
import type { JsonObject } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { resolvePlain, resolveTagged, type ScalarValue } from './resolve-scalar.ts';
import { YamlFault } from './yaml-fault.ts';

/** The API server accepts no deeper JSON; and each level is one of our own calls. */
const MAX_YAML_DEPTH = 1000;
/**
 * All values of a document with their aliases written out, 16 units each and one for each character: a file of a few
 * lines can stand for more than any memory holds.
 */
const MAX_WEIGHT = 64 * 1024 * 1024;

/** A value with what it weighs; of an alias the value is the same object again. */
interface Read {
  readonly value: unknown;
  readonly weight: number;
}

/** Why a document has no value that Kubernetes can read. */
interface ValueProblem {
  readonly fault: string;
  readonly remedy: string;
  /** The place in the text that was parsed; `undefined`: the document as a whole. */
  readonly at: number | undefined;
}

/**
 * The value of a document as Kubernetes reads it (Go's yaml.v2, by sigs.k8s.io/yaml): of a key that is there twice the
 * last counts, and a merge key takes effect where it stands.
 */
export function readValue(document: Document.Parsed): Result<unknown, ValueProblem> {
  const reader = new ValueReader();
  try {
    return ok(reader.read(document.contents, 0).value);
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    return fail({ fault: error.message, remedy: error.remedy, at: reader.at });
  }
}

/** Whether a pair is a merge key: `<<` without quotes. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.tag === undefined && key.value === '<<';
}

/** Throws `YamlFault`; `at` is its place then. */
class ValueReader {
  /** The beginning of the node that was looked at last. */
  at: number | undefined;
  readonly #anchors = new Map<string, Read | 'open'>();
  #weight = 0;

  read(node: unknown, depth: number): Read {
    this.#lookAt(node);
    if (depth > MAX_YAML_DEPTH) {
      throw new YamlFault(`more than ${MAX_YAML_DEPTH} levels are nested`, 'reduce the nesting');
    }
    if (isAlias(node)) return this.#readAlias(node.source);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const read = this.#readContent(node, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, read);
    return read;
  }

  #readAlias(name: string): Read {
    const target = this.#anchors.get(name);
    if (target === undefined) throw new YamlFault(`alias *${name} has no anchor`, `add &${name}`);
    if (target === 'open')
      throw new YamlFault(`alias *${name} is inside its own anchor`, 'write the value out');
    this.#add(target.weight);
    return target;
  }

  #readContent(node: unknown, depth: number): Read {
    const before = this.#weight;
    const value = isMap(node)
      ? this.#readMap(node, depth)
      : isSeq(node)
        ? node.items.map((item) => this.read(item, depth + 1).value)
        : this.#readScalar(node);
    this.#add(16);
    return { value, weight: this.#weight - before };
  }

  #readScalar(node: unknown): ScalarValue {
    if (!isScalar(node)) return null;
    const text = String(node.value);
    this.#add(text.length);
    if (node.tag !== undefined) return resolveTagged(text, node.tag);
    return node.type === 'PLAIN' ? resolvePlain(text) : text;
  }

  #readMap({ items }: YAMLMap, depth: number): JsonObject {
    const members = new Map<string, unknown>();
    for (const { key, value } of items) {
      if (!isMergeKey(key)) members.set(this.#readKey(key), this.read(value, depth + 1).value);
      else for (const [name, merged] of this.#readMerged(value, depth)) members.set(name, merged);
    }
    // Object.fromEntries defines members, so that a key __proto__ stays a key.
    return Object.fromEntries(members);
  }

  #readKey(key: unknown): string {
    const { value } = this.read(key, 0);
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
      return String(value);
    this.#lookAt(key); // not at what is in it
    throw new YamlFault(`a key is ${value === null ? 'empty' : 'a list or a map'}`, 'write a string');
  }

  /** The first map wins if there are several. */
  #readMerged(source: unknown, depth: number): readonly (readonly [string, unknown])[] {
    const { value } = this.read(source, depth + 1);
    const maps = Array.isArray(value) ? value.toReversed() : [value];
    return maps.flatMap((map: unknown) => {
      if (typeof map !== 'object' || map === null || Array.isArray(map)) {
        this.#lookAt(source);
        throw new YamlFault('"<<" must merge a map or a list of maps', 'correct it');
      }
      return Object.entries(map);
    });
  }

  #add(weight: number): void {
    this.#weight += weight;
    if (this.#weight > MAX_WEIGHT) {
      throw new YamlFault('with its aliases written out it is too large', 'split it, or use fewer aliases');
    }
  }

  #lookAt(node: unknown): void {
    if (isNode(node)) this.at = node.range?.[0] ?? this.at;
  }
}

/** The text of a key as Kubernetes reads it; `undefined` if it is not a scalar. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return String(new ValueReader().read(key, 0).value);
}
