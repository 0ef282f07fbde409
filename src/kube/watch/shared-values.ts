import { isJsonObject, type JsonObject } from '../../resources/json.ts';
import { Recent } from './recent.ts';

/**
 * Remembered texts and objects of one generation, twice as many in all: some hundred kilobytes. A list comes sorted by
 * namespace, so what many objects hold comes again within the next hundred objects.
 */
const TEXTS = 1_024;
const OBJECTS = 512;
/** A longer text is hardly the same in two objects. A public key as JWK has up to 1,500 characters. */
const MAX_SHARED_LENGTH = 2_048;
/** Characters by which an object is recognized: enough for labels, a header, an audience. More would cost time. */
const MAX_DESCRIPTION_LENGTH = 256;
/** Values deeper in each other stay as they are, so that no user's object exhausts the stack. */
const MAX_SHARED_DEPTH = 32;

/** The member that holds a private key, of a JWT that has it in its spec: its text must not stay when the JWT is gone. */
const KEY_TEXT = 'text';
/** Members whose texts hardly any two objects have in common: to look for them would only take time, and room for others. */
const UNIQUE: ReadonlySet<string> = new Set(['uid', 'resourceVersion', 'tokenId', 'jti', KEY_TEXT]);

const NO_ITEMS = Object.freeze([]);
const NO_MEMBERS = Object.freeze({});

/**
 * Makes of equal parts of many objects one: half of what the JWTs of a group hold is the same text (issuer, public key,
 * reasons, messages), the same small object of texts (labels, a header) or nothing.
 */
export class SharedValues {
  readonly #texts = new Recent<string>(TEXTS);
  readonly #objects = new Recent<object>(OBJECTS);

  /**
   * Returns the value given, changed in place. Its parts may belong to others as well: nobody may change them from now on.
   * It must be JSON or JSON-like values, and nobody else may hold it or a part of it.
   * @param like a value that was shared before and probably has equal members, such as the one before in a list: what is
   * equal to the member of the same name there needs no search.
   */
  share<T extends object>(value: T, like?: object): T {
    this.#shareMembers(value, like, MAX_SHARED_DEPTH);
    return value;
  }

  #sharePart(value: unknown, like: unknown, levels: number): unknown {
    if (typeof value === 'string') {
      if (value === like) return like;
      return value.length > MAX_SHARED_LENGTH ? value : this.#texts.intern(value, value);
    }
    if (typeof value !== 'object' || value === null || levels === 0) return value;
    if (this.#shareMembers(value, like, levels - 1)) return like;
    const description = describeSharedObject(value);
    if (description === '[') return NO_ITEMS;
    if (description === '{') return NO_MEMBERS;
    return description === undefined ? value : this.#objects.intern(description, value);
  }

  /**
   * Whether all members are now those of `like`, in the same order. Loops by index: iterators would make a fifth of all garbage
   * of a long list.
   */
  #shareMembers(value: object, like: unknown, levels: number): boolean {
    if (Array.isArray(value)) {
      const others: readonly unknown[] = Array.isArray(like) ? like : NO_ITEMS;
      return this.#shareItems(value, others, levels) && others === like;
    }
    if (!isJsonObject(value)) return false;
    const members: Record<string, unknown> = value;
    const others: JsonObject = isJsonObject(like) ? like : NO_MEMBERS;
    const names = Object.keys(members);
    const otherNames = Object.keys(others);
    let isSame = others === like && names.length === otherNames.length;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] ?? '';
      const before = members[name];
      const isNamesake = name === otherNames[index];
      const other = isNamesake ? others[name] : undefined;
      const isUnique = before !== other && UNIQUE.has(name);
      const after = isUnique ? before : this.#sharePart(before, other, levels);
      isSame &&= isNamesake && Object.is(after, other);
      // Equal texts are different ones to V8: only to set the member makes it the one that others have.
      if (after !== before || typeof before === 'string') members[name] = after;
    }
    return isSame;
  }

  #shareItems(items: unknown[], others: readonly unknown[], levels: number): boolean {
    let isSame = items.length === others.length;
    for (let index = 0; index < items.length; index += 1) {
      const after = this.#sharePart(items[index], others[index], levels);
      isSame &&= Object.is(after, others[index]);
      items[index] = after;
    }
    return isSame;
  }
}

/** The identity of an object, if it is small and holds nothing but shared texts: equal objects have equal ones. */
function describeSharedObject(value: object): string | undefined {
  let description: string | undefined;
  if (Array.isArray(value)) {
    description = '[';
    for (let index = 0; index < value.length && description !== undefined; index += 1)
      description = addToDescription(description, '', value[index]);
    return description;
  }
  if (!isJsonObject(value)) return undefined;
  const names = Object.keys(value);
  description = '{';
  for (let index = 0; index < names.length && description !== undefined; index += 1) {
    const name = names[index] ?? '';
    description = name === KEY_TEXT ? undefined : addToDescription(description, name, value[name]);
  }
  return description;
}

/** Adds a member. With lengths no text can look like the end of one member and the beginning of another. */
function addToDescription(before: string, name: string, value: unknown): string | undefined {
  const part = describePart(value);
  if (part === undefined || before.length + name.length + part.length > MAX_DESCRIPTION_LENGTH)
    return undefined;
  return `${before}${name.length}:${name}${part}`;
}

function describePart(value: unknown): string | undefined {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (value === NO_ITEMS) return '[]';
  return value === NO_MEMBERS ? '{}' : undefined;
}
