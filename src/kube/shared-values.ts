import { Recent } from './recent.ts';

/**
 * Remembered texts and objects of one generation, twice as many in all: some hundred kilobytes. A list comes sorted by
 * namespace, so what many objects hold comes again within the next hundred objects.
 */
const TEXTS = 1_024;
const OBJECTS = 512;
/** A longer text is hardly the same in two objects. A public key as JWK has up to 1,500 characters. */
const LONGEST_TEXT = 2_048;
/** Characters that tell an object apart: enough for labels, a header, an audience. More would cost time. */
const LONGEST_DESCRIPTION = 256;
/** Values deeper in each other stay as they are, so that no user's object exhausts the stack. */
const DEEPEST = 32;

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
    this.#shareMembers(value, DEEPEST);
    return value;
  }

  /** Remembers the texts of a value, for one that is to be shared next and is known to hold many of them too. */
  remember(value: object): void {
    this.#rememberMembers(value, DEEPEST);
  }

  /** Gives a description of the object if it is small and holds nothing but texts: equal objects have equal ones. */
  #shareMembers(value: object, levels: number): string | undefined {
    const isArray = Array.isArray(value);
    let description: string | undefined = isArray ? '[' : '{';
    for (const name of Object.keys(value)) {
      const before: unknown = Reflect.get(value, name);
      if (typeof before === 'string') {
        if (before.length <= LONGEST_TEXT) Reflect.set(value, name, this.#texts.recall(before, before));
        if (description !== undefined) {
          // With lengths no text can look like the end of one member and the beginning of another.
          description += isArray ? '' : `${name.length}:${name}`;
          description += `${before.length}:${before}`;
          if (description.length > LONGEST_DESCRIPTION) description = undefined;
        }
        continue;
      }
      description = undefined;
      if (typeof before === 'object' && before !== null && levels > 0)
        Reflect.set(value, name, this.#shareObject(before, levels - 1));
    }
    return description;
  }

  #shareObject(value: object, levels: number): object {
    const description = this.#shareMembers(value, levels);
    if (description === '[') return NO_ITEMS;
    if (description === '{') return NO_MEMBERS;
    return description === undefined ? value : this.#objects.recall(description, value);
  }

  #rememberMembers(value: object, levels: number): void {
    for (const member of Object.values(value)) {
      if (typeof member === 'string') this.#texts.recall(member, member);
      else if (typeof member === 'object' && member !== null && levels > 0)
        this.#rememberMembers(member, levels - 1);
    }
  }
}
