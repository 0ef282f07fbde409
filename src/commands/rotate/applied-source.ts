import { arrayMember, member, objectMember, stringMember } from '../../resources/json.ts';
import { LAST_APPLIED } from '../../resources/names.ts';

/** The content of the file or repository that the JWT is applied from, as far as the JWT shows it. */
export type AppliedSource =
  /** It names the new key. */
  | { readonly state: 'changed' }
  /** It names another key, which the next apply brings back; `by`: the field manager of those who apply it. */
  | { readonly state: 'unchanged'; readonly by: string }
  /** The JWT was created or changed in a way that leaves no trace of a file. */
  | { readonly state: 'unknown' };

/** Every JWT has them, and a rotation does not change them: a server-side apply of a whole one owns them. */
const ALWAYS_APPLIED = ['f:issuer', 'f:data', 'f:expiryTime'] as const;

/**
 * Finds the content of a JWT's source from the JWT (wire JSON) after its `keyId` was changed to the new one. A server-side apply
 * owns the fields that it names as they are now, and lost those that were changed since; a client-side apply keeps a copy of the
 * file in an annotation, which may be older than a server-side apply.
 */
export function findAppliedSource(object: unknown, newKeyId: string): AppliedSource {
  const metadata = objectMember(object, 'metadata');
  const appliers = arrayMember(metadata, 'managedFields')
    .filter((entry) => stringMember(entry, 'operation') === 'Apply')
    .map((entry) => ({
      by: stringMember(entry, 'manager') ?? '',
      fields: objectMember(objectMember(entry, 'fieldsV1'), 'f:spec'),
    }));
  const owner = appliers.find(({ fields }) => member(fields, 'f:keyId') !== undefined);
  if (owner !== undefined) return sourceOf(objectMember(object, 'spec'), newKeyId, owner.by);
  const applied = parseSpec(stringMember(objectMember(metadata, 'annotations'), LAST_APPLIED));
  if (applied !== undefined) return sourceOf(applied, newKeyId, 'kubectl apply');
  const loser = appliers.find(({ fields }) =>
    ALWAYS_APPLIED.every((name) => member(fields, name) !== undefined),
  );
  return loser === undefined ? { state: 'unknown' } : { state: 'unchanged', by: loser.by };
}

function sourceOf(spec: unknown, newKeyId: string, by: string): AppliedSource {
  return stringMember(spec, 'keyId') === newKeyId ? { state: 'changed' } : { state: 'unchanged', by };
}

function parseSpec(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : objectMember(JSON.parse(text), 'spec');
  } catch {
    return undefined;
  }
}
