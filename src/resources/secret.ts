import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMap,
  stringMember,
  type JsonObject,
} from './json.ts';
import { APP, PREFIX, TOKEN_KEY } from './names.ts';

type StringMap = Readonly<Record<string, string>>;

/** One entry of `metadata.ownerReferences`, as far as it matters here. */
export interface Owner {
  /** API group of the owner's kind; `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** What is kept of any Secret: metadata alone, never its data. */
export interface SecretMetadata {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: StringMap;
  /** Ours and those that our field manager wrote; others may hold a Secret's data (kubectl's last-applied). */
  readonly annotations: StringMap;
  readonly owners: readonly Owner[];
  readonly deleting: boolean;
  /** Label and annotation keys that our field manager owns: what is no longer wanted of them is drift. */
  readonly ours: { readonly labels: readonly string[]; readonly annotations: readonly string[] };
}

/** Reads the metadata of a Secret, or of the PartialObjectMetadata of one, from wire JSON. */
export function parseSecretMetadata(object: unknown): SecretMetadata {
  const metadata = objectMember(object, 'metadata');
  const ours = ownedKeys(metadata);
  const kept: ReadonlySet<string> = new Set(ours.annotations);
  const annotations = Object.entries(stringMap(member(metadata, 'annotations'))).filter(
    ([name]) => name.startsWith(PREFIX) || kept.has(name),
  );
  return {
    namespace: stringMember(metadata, 'namespace') ?? '',
    name: stringMember(metadata, 'name') ?? '',
    uid: stringMember(metadata, 'uid') ?? '',
    resourceVersion: stringMember(metadata, 'resourceVersion') ?? '',
    labels: stringMap(member(metadata, 'labels')),
    annotations: Object.fromEntries(annotations),
    owners: arrayMember(metadata, 'ownerReferences').filter(isJsonObject).map(parseOwner),
    deleting: member(metadata, 'deletionTimestamp') !== undefined,
    ours,
  };
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

/** Whether data keys besides the token's lie in the Secret: they are somebody else's. Reads names alone. */
export function hasOtherData(object: unknown): boolean {
  return Object.keys(objectMember(object, 'data') ?? {}).some((key) => key !== TOKEN_KEY);
}

/** In bytes. No server takes a header of that size, and the JSON in it may cost twenty times as much memory. */
export const LONGEST_TOKEN = 65_536;

/** Whether what lies under the token's data key is longer than any token; itself without decoding it. */
export function isTokenTooLong(object: unknown): boolean {
  const encoded = stringMember(objectMember(object, 'data'), TOKEN_KEY) ?? '';
  return encoded.length > Math.ceil(LONGEST_TOKEN / 3) * 4;
}

function parseOwner(reference: JsonObject): Owner {
  const [group = '', version] = (stringMember(reference, 'apiVersion') ?? '').split('/');
  return {
    group: version === undefined ? '' : group,
    kind: stringMember(reference, 'kind') ?? '',
    name: stringMember(reference, 'name') ?? '',
    uid: stringMember(reference, 'uid') ?? '',
    controller: member(reference, 'controller') === true,
  };
}

/** Keys under `f:labels` and `f:annotations` that our server-side apply owns (Kubernetes API, FieldsV1). */
function ownedKeys(metadata: JsonObject | undefined): SecretMetadata['ours'] {
  const entry = arrayMember(metadata, 'managedFields')
    .filter(isJsonObject)
    .find((fields) => fields['manager'] === APP && fields['operation'] === 'Apply');
  const fields = objectMember(objectMember(entry, 'fieldsV1'), 'f:metadata');
  const keysOf = (name: string): readonly string[] =>
    Object.keys(objectMember(fields, name) ?? {})
      .filter((key) => key.startsWith('f:'))
      .map((key) => key.slice(2));
  return { labels: keysOf('f:labels'), annotations: keysOf('f:annotations') };
}
