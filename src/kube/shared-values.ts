import { isJsonObject } from '../resources/json.ts';
import { Recent } from './recent.ts';

/**
 * Remembered texts and objects of one generation, twice as many in all: some hundred kilobytes. A list comes sorted by
 * namespace, so what many objects hold comes again within the next hundred objects.
 */
const TEXTS = 1_024;
const OBJECTS = 512;
/** A longer text is hardly the same in two objects. A public key as JWK has up to 1,500 characters. */
const LONGEST_SHARED = 2_048;
/** Characters that tell an object apart: enough for labels, a header, an audience. More would cost time. */
const LONGEST_DESCRIPTION = 256;
/** Values deeper in each other stay as they are, so that no user's object exhausts the stack. */
const DEEPEST_SHARED = 32;

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
   * The same value. Its parts may belong to others as well: nobody may change them from now on. The value given is
   * changed in place; it must be JSON, or consist of the like, and nobody else may hold it or a part of it.
   */
  share<T extends object>(value: T): T {
    this.#shareMembers(value, DEEPEST_SHARED);
    return value;
  }

  /** Remembers the texts of a value, for one that is to be shared next and is known to hold many of them too. */
  remember(value: object): void {
    this.#rememberMembers(value, DEEPEST_SHARED);
  }

  #sharePart(value: unknown, levels: number): unknown {
    if (typeof value === 'string')
      return value.length > LONGEST_SHARED ? value : this.#texts.recall(value, value);
    if (typeof value !== 'object' || value === null || levels === 0) return value;
    const description = this.#shareMembers(value, levels - 1);
    if (description === '[') return NO_ITEMS;
    if (description === '{') return NO_MEMBERS;
    return description === undefined ? value : this.#objects.recall(description, value);
  }

  /** Gives a description of the object if it is small and holds nothing but texts: equal objects have equal ones. */
  #shareMembers(value: object, levels: number): string | undefined {
    let description: string | undefined;
    if (Array.isArray(value)) {
      const items: unknown[] = value;
      description = '[';
      for (const [index, before] of items.entries()) {
        const after = this.#sharePart(before, levels);
        items[index] = after;
        description = addToDescription(description, '', after);
      }
    } else if (isJsonObject(value)) {
      const members: Record<string, unknown> = value;
      description = '{';
      for (const name of Object.keys(members)) {
        const before = members[name];
        const after = this.#sharePart(before, levels);
        // Equal texts are different ones to V8: only to set the member makes it the one that others have.
        if (after !== before || typeof before === 'string') members[name] = after;
        description = addToDescription(description, name, after);
      }
    }
    return description;
  }

  #rememberMembers(value: object, levels: number): void {
    for (const member of Object.values(value)) {
      if (typeof member === 'string') this.#texts.recall(member, member);
      else if (typeof member === 'object' && member !== null && levels > 0)
        this.#rememberMembers(member, levels - 1);
    }
  }
}

/** Adds a member. With lengths no text can look like the end of one member and the beginning of another. */
function addToDescription(before: string | undefined, name: string, value: unknown): string | undefined {
  if (before === undefined) return undefined;
  const part = describePart(value);
  if (part === undefined || before.length + name.length + part.length > LONGEST_DESCRIPTION) return undefined;
  return `${before}${name.length}:${name}${part}`;
}

function describePart(value: unknown): string | undefined {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (value === NO_ITEMS) return '[]';
  return value === NO_MEMBERS ? '{}' : undefined;
}
