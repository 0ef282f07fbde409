import { member, stringMember, type JsonObject } from '../../resources/json.ts';
import type { ContainerShape } from '../pod-shape.ts';

/** Twice the 4,095 bytes of the longest path of Linux, as each `$` of it may be written `$$`. */
const MAX_ENV_LENGTH = 8190;
/**
 * The most references in one value, with those in the values that it refers to: all together would be the product of their
 * numbers.
 */
const MAX_REFERENCES = 32;

/** `$$`, which stands for `$`, or `$(NAME)`. Anything else after a `$` stays as it is (Kubernetes, forked/golang/expansion). */
const REFERENCE = /\$(?:\$|\(([^)]*)\))/g;

/** A value that the kubelet expands to the text. */
export function escapeEnvValue(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/**
 * The value that the kubelet gives to the variable: `$(NAME)` is that of the last entry of that name before it, and stays as
 * it is written if no entry has that name. `undefined` if only the kubelet can know it, as it depends on `valueFrom` or on
 * `envFrom`, or if it is too long for a path.
 */
export function expandEnvValue(container: ContainerShape, index: number): string | undefined {
  return new Expansion(container).valueAt(index);
}

class Expansion {
  readonly #container: ContainerShape;
  #left = MAX_REFERENCES;

  constructor(container: ContainerShape) {
    this.#container = container;
  }

  valueAt(index: number): string | undefined {
    const { env } = this.#container;
    const value = stringMember(env[index], 'value') ?? '';
    if (value === '') return hasSource(env[index]) ? undefined : '';
    if (value.length > MAX_ENV_LENGTH) return undefined;
    // If no more references are closed, none is searched for: each search would go up to the end.
    const end = value.lastIndexOf(')') + 1;
    let isKnown = true;
    const closed = value.slice(0, end).replaceAll(REFERENCE, (written, name: string | undefined) => {
      if (name === undefined) return '$';
      const referred = isKnown ? this.#refer(name, written, index) : undefined;
      isKnown = referred !== undefined;
      return referred ?? '';
    });
    const expanded = closed + value.slice(end).replaceAll('$$', '$');
    return isKnown && expanded.length <= MAX_ENV_LENGTH ? expanded : undefined;
  }

  #refer(name: string, written: string, index: number): string | undefined {
    this.#left -= 1;
    if (this.#left < 0) return undefined;
    const { env, hasEnvFrom } = this.#container;
    const earlier = env.findLastIndex((entry, at) => at < index && entry['name'] === name);
    if (earlier !== -1) return this.valueAt(earlier);
    return hasEnvFrom ? undefined : written;
  }
}

/** Whether the variable is set by `valueFrom`; `null` is as good as nothing to the Kubernetes API. */
export function hasSource(entry: JsonObject | undefined): boolean {
  return (member(entry, 'valueFrom') ?? null) !== null;
}
