import { arrayMember, member, objectMember, stringMember } from '../../resources/json.ts';
import { LAST_APPLIED } from '../../resources/names.ts';

/** What the file or repository says that the JWT is applied from, as far as the JWT shows it. */
export type AppliedSource =
  /** It names the new key. */
  | { readonly state: 'changed' }
  /** It names another key, which the next apply brings back; `by`: the field manager of those who apply it. */
  | { readonly state: 'unchanged'; readonly by: string }
  /** The JWT was created or changed in a way that leaves no trace of a file. */
  | { readonly state: 'unknown' };

/**
 * What the source of a JWT (wire JSON) says after its `keyId` was changed to the new one: a client-side apply keeps a copy of
 * it in an annotation; a server-side apply owns the fields that it names, and lost those that were changed since.
 */
export function findAppliedSource(object: unknown, newKeyId: string): AppliedSource {
  const metadata = objectMember(object, 'metadata');
  const applied = parseSpec(stringMember(objectMember(metadata, 'annotations'), LAST_APPLIED));
  if (applied !== undefined) {
    const keyId = stringMember(applied, 'keyId');
    return keyId === newKeyId ? { state: 'changed' } : { state: 'unchanged', by: 'kubectl apply' };
  }
  const appliers = arrayMember(metadata, 'managedFields')
    .filter((entry) => stringMember(entry, 'operation') === 'Apply')
    .flatMap((entry) => {
      const fields = objectMember(objectMember(entry, 'fieldsV1'), 'f:spec');
      return fields === undefined ? [] : [{ by: stringMember(entry, 'manager') ?? '', fields }];
    });
  if (appliers.some(({ fields }) => member(fields, 'f:keyId') !== undefined)) return { state: 'changed' };
  const [first] = appliers;
  return first === undefined ? { state: 'unknown' } : { state: 'unchanged', by: first.by };
}

function parseSpec(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : objectMember(JSON.parse(text), 'spec');
  } catch {
    return undefined;
  }
}
