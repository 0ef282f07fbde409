import type { ObjectName } from './object-key.ts';
import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMap,
  stringMember,
  type JsonObject,
  type StringMap,
} from './json.ts';
import {
  ADOPT,
  ALLOWED_NAMESPACES,
  APP,
  EXPIRES_AT,
  LAST_SIGNING_TIME,
  OWNING_JWT,
  RESERVED_POLICIES,
  TOKEN_KEY,
} from './names.ts';
import { MAX_DNS_LABEL, MAX_OBJECT_NAME } from './object-name.ts';
import { parseOwners, TOO_LONG, type Owner } from './owner.ts';

/** The part of any Secret that is kept: metadata alone, never its data. */
export interface SecretMetadata extends ObjectName {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: StringMap;
  /** Ours and those that our field manager wrote; others may hold a Secret's data (kubectl's last-applied). */
  readonly annotations: StringMap;
  readonly owners: readonly Owner[];
  readonly isDeleting: boolean;
  /**
   * Its list of namespaces that may use a key in it is too long to be kept: only the Secret itself has all of it
   * (`readKeyTerms`).
   */
  readonly hasLongGrants?: true;
  /** Label and annotation keys that our field manager owns: what is no longer wanted of them is drift. */
  readonly ours: { readonly labels: readonly string[]; readonly annotations: readonly string[] };
}

/** Annotation names, each with the number of characters kept of its value. */
type LongestValues = readonly (readonly [string, number])[];

/** Characters of a namespace, a slash and a name of an object (Kubernetes API). */
const MAX_JWT_NAME_LENGTH = MAX_DNS_LABEL + 1 + MAX_OBJECT_NAME;
/** Characters of a time, in seconds or RFC 3339, with room for fractions and a zone. */
const MAX_TIME_LENGTH = 64;
/** Characters of a list of namespaces that are kept: some thirty names. There may be a hundred thousand Secrets. */
const MAX_KEPT_GRANTS_LENGTH = 512;
/** Characters of a list of namespaces that count: eight hundred names. */
const MAX_GRANTS_LENGTH = 16_384;

/**
 * Annotations of ours that mean something on a Secret, and how many characters of each are kept. For a policy only its
 * presence matters.
 */
const OUR_ANNOTATIONS: LongestValues = [
  [OWNING_JWT, MAX_JWT_NAME_LENGTH],
  [LAST_SIGNING_TIME, MAX_TIME_LENGTH],
  [EXPIRES_AT, MAX_TIME_LENGTH],
  [ADOPT, MAX_JWT_NAME_LENGTH],
  [ALLOWED_NAMESPACES, MAX_KEPT_GRANTS_LENGTH],
  ...RESERVED_POLICIES.map((policy) => [policy, 0] as const),
];
/** The annotations in which the owner of a key says who may use it. */
const KEY_TERMS: LongestValues = [
  [ALLOWED_NAMESPACES, MAX_GRANTS_LENGTH],
  ...RESERVED_POLICIES.map((policy) => [policy, 0] as const),
];
/**
 * Characters of labels that are kept; Kubernetes bounds each, and not their number. If there are more, only those we wrote are
 * kept: others with the keys of our template are then written again, once, and are ours.
 */
const MAX_LABELS_LENGTH = 2_048;
/** Characters of what our field manager wrote: a JWT and its template may ask for 8 KiB each. */
const MAX_OWNED_LENGTH = 20 * 1024;

const NO_ENTRIES = Object.freeze({});
const NOTHING_OWNED: SecretMetadata['ours'] = { labels: [], annotations: [] };

/**
 * Reads the metadata of a Secret, or of the PartialObjectMetadata of one, from wire JSON. What is kept is bounded,
 * whatever anybody wrote there.
 */
export function parseSecretMetadata(object: unknown): SecretMetadata {
  const metadata = objectMember(object, 'metadata');
  const ours = ownedKeys(metadata);
  const labels = objectMember(metadata, 'labels');
  const secret = parseOtherSecret(object);
  return {
    ...secret,
    labels: isLong(labels) ? pickOwned(labels, ours.labels) : stringMap(labels),
    annotations: {
      ...pickOwned(objectMember(metadata, 'annotations'), ours.annotations),
      ...secret.annotations,
    },
    ours,
  };
}

/**
 * Reads as much as counts of a Secret that no JWT is named after: whose it is, and who may use a key in it. There may
 * be a hundred thousand of them.
 */
export function parseOtherSecret(object: unknown): SecretMetadata {
  const metadata = objectMember(object, 'metadata');
  const annotations = objectMember(metadata, 'annotations');
  return {
    namespace: stringMember(metadata, 'namespace') ?? '',
    name: stringMember(metadata, 'name') ?? '',
    uid: stringMember(metadata, 'uid') ?? '',
    resourceVersion: stringMember(metadata, 'resourceVersion') ?? '',
    labels: NO_ENTRIES,
    annotations: pickShort(annotations, OUR_ANNOTATIONS),
    owners: parseOwners(arrayMember(metadata, 'ownerReferences')),
    isDeleting: member(metadata, 'deletionTimestamp') !== undefined,
    ...(hasLongGrants(annotations) ? { hasLongGrants: true } : {}),
    ours: NOTHING_OWNED,
  };
}

/** As `parseOtherSecret` would have read it. */
export function dropDetails(secret: SecretMetadata): SecretMetadata {
  const annotations = pickShort(secret.annotations, OUR_ANNOTATIONS);
  return { ...secret, labels: NO_ENTRIES, annotations, ours: NOTHING_OWNED };
}

/** As `parseSecretMetadata`, with the whole list of namespaces: for one Secret that somebody asks about. */
export function parseWholeMetadata(object: unknown): SecretMetadata {
  const { hasLongGrants: _, ...metadata } = parseSecretMetadata(object);
  return { ...metadata, annotations: { ...metadata.annotations, ...readKeyTerms(object) } };
}

/**
 * Reads the annotations in which the owner of a key says who may use it, with the whole list, from the wire JSON of its Secret.
 */
export function readKeyTerms(object: unknown): StringMap {
  return pickShort(objectMember(objectMember(object, 'metadata'), 'annotations'), KEY_TERMS);
}

/** One entry of a Secret's `data`, decoded as UTF-8; `undefined` when there is none. */
export function readSecretData(object: unknown, key: string): string | undefined {
  const encoded = stringMember(objectMember(object, 'data'), key);
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
}

/** The token in a Secret, `undefined` when the data key is missing or empty. */
export function readSecretToken(object: unknown): string | undefined {
  const text = readSecretData(object, TOKEN_KEY);
  return text === '' ? undefined : text;
}

/** Whether the Secret has data keys besides the token's: they belong to another client. Reads only names. */
export function hasOtherData(object: unknown): boolean {
  return Object.keys(objectMember(object, 'data') ?? {}).some((key) => key !== TOKEN_KEY);
}

/** The limit in bytes. No server takes a header of that size, and the JSON in it may cost twenty times as much memory. */
export const MAX_TOKEN_BYTES = 65_536;

/** Whether the value of the token's data key is longer than any token. Does not decode it. */
export function isTokenTooLong(object: unknown): boolean {
  const encoded = stringMember(objectMember(object, 'data'), TOKEN_KEY) ?? '';
  return encoded.length > Math.ceil(MAX_TOKEN_BYTES / 3) * 4;
}

/**
 * Keys under `f:labels` and `f:annotations` that our server-side apply owns (Kubernetes API, FieldsV1), and that are there:
 * what somebody took away cannot be taken back.
 */
function ownedKeys(metadata: JsonObject | undefined): SecretMetadata['ours'] {
  const entry = arrayMember(metadata, 'managedFields')
    .filter(isJsonObject)
    .find((fields) => fields['manager'] === APP && fields['operation'] === 'Apply');
  const fields = objectMember(objectMember(entry, 'fieldsV1'), 'f:metadata');
  const keysOf = (name: 'labels' | 'annotations'): readonly string[] => {
    const present = objectMember(metadata, name);
    const keys = Object.keys(objectMember(fields, `f:${name}`) ?? {})
      .filter((key) => key.startsWith('f:'))
      .map((key) => key.slice(2))
      .filter((key) => stringMember(present, key) !== undefined);
    return upToLength(keys, (key) => key.length);
  };
  return { labels: keysOf('labels'), annotations: keysOf('annotations') };
}

/** The members of these names; of a longer value it is kept that there is one. */
function pickShort(map: JsonObject | undefined, longest: LongestValues): StringMap {
  const found = longest.flatMap(([name, most]) => {
    const value = stringMember(map, name);
    return value === undefined ? [] : [[name, value.length > most ? TOO_LONG : value] as const];
  });
  return found.length === 0 ? NO_ENTRIES : Object.fromEntries(found);
}

function hasLongGrants(annotations: JsonObject | undefined): boolean {
  const { length } = stringMember(annotations, ALLOWED_NAMESPACES) ?? '';
  return length > MAX_KEPT_GRANTS_LENGTH && length <= MAX_GRANTS_LENGTH;
}

/** The members of these names, as far as they do not exceed what we may have written. */
function pickOwned(map: JsonObject | undefined, names: readonly string[]): StringMap {
  const found = pickEntries(map, names);
  return Object.fromEntries(upToLength(found, ([name, value]) => name.length + value.length));
}

function pickEntries(
  map: JsonObject | undefined,
  names: readonly string[],
): readonly (readonly [string, string])[] {
  return names.flatMap((name) => {
    const value = stringMember(map, name);
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** The first items, as long as their lengths add up to no more than we may have written. */
function upToLength<T>(items: readonly T[], lengthOfItem: (item: T) => number): readonly T[] {
  let room = MAX_OWNED_LENGTH;
  const end = items.findIndex((item) => {
    room -= lengthOfItem(item);
    return room < 0;
  });
  return end === -1 ? items : items.slice(0, end);
}

/** Whether labels are more than is kept. Stops at the limit. */
function isLong(labels: JsonObject | undefined): boolean {
  let room = MAX_LABELS_LENGTH;
  for (const name in labels) {
    room -= name.length + (stringMember(labels, name) ?? '').length;
    if (room < 0) return true;
  }
  return false;
}
