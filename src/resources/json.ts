/** A JSON object as it came over the wire: own properties only, nothing known about its members. */
export type JsonObject = { readonly [key: string]: unknown };

/** Whether parsed JSON is an object: neither null nor an array. Its members are not checked. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own member, so that `__proto__` or `constructor` in hostile input never reaches a prototype. */
export function member(value: unknown, key: string): unknown {
  if (!isJsonObject(value)) return undefined;
  const found = value[key];
  // An inherited value is a function, which JSON cannot hold, or `__proto__`: so most members are looked up only once.
  const mayBeInherited = typeof found === 'function' || key === '__proto__';
  return mayBeInherited && !Object.hasOwn(value, key) ? undefined : found;
}

/** The member as an object, `undefined` when it is absent or anything else. */
export function objectMember(value: unknown, key: string): JsonObject | undefined {
  const found = member(value, key);
  return isJsonObject(found) ? found : undefined;
}

/** The member as a string, `undefined` when it is absent or anything else. */
export function stringMember(value: unknown, key: string): string | undefined {
  const found = member(value, key);
  return typeof found === 'string' ? found : undefined;
}

/** The member as an array, empty when it is absent or anything else. */
export function arrayMember(value: unknown, key: string): readonly unknown[] {
  const found = member(value, key);
  return Array.isArray(found) ? found : [];
}

/** Labels or annotations. */
export type StringMap = Readonly<Record<string, string>>;

/** The member's string values, e.g. labels or annotations; members of other types are left out. */
export function stringMap(value: unknown): StringMap {
  if (!isJsonObject(value)) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

/** The members of these names that are strings. */
export function stringMembers(value: unknown, names: readonly string[]): StringMap {
  return stringMap(Object.fromEntries(names.map((name) => [name, member(value, name)])));
}

/**
 * A value of parsed JSON in words for people: a string as it is, anything else as JSON, `none` for no value. Never throws, as
 * `String` does for `{"toString":1}`, if the value is not deeper than {@link MAX_LEVELS}.
 */
export function textOf(value: unknown): string {
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The length of the value as JSON, in bytes of UTF-8. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * How deep claims may be nested. Above a thousand levels, reading and writing them may overflow the stack; the API server stores
 * ten thousand, and a token has room for thirty thousand.
 */
export const MAX_LEVELS = 500;

/** Whether objects and arrays are nested more than `levels` deep; goes no deeper itself. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (levels < 0) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((part) => isDeeperThan(part, levels - 1));
}
