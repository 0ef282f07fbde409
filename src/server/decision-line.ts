import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { arrayMember, member, objectMember, stringMember } from '../resources/json.ts';

/**
 * The fields of the one log line of a decision: who, what, why. Never the object, which may hold secrets of its owner.
 * What is `undefined` is left out of the line.
 */
export function decisionLine(
  request: AdmissionRequest,
  { decision, reason, message }: AdmissionAnswer,
): { readonly msg: string; readonly [field: string]: unknown } {
  const { namespace, kind, subResource, uid, dryRun } = request;
  const metadata = objectMember(request.object, 'metadata');
  const ownNamespace = stringMember(metadata, 'namespace') ?? '';
  const name = request.name || (stringMember(metadata, 'name') ?? '');
  return {
    namespace,
    name: name === '' ? undefined : name,
    generateName: name === '' ? stringMember(metadata, 'generateName') : undefined,
    kind,
    subResource: subResource === '' ? undefined : subResource,
    objectNamespace: ownNamespace === '' || ownNamespace === namespace ? undefined : ownNamespace,
    owner: controllerOf(metadata),
    decision,
    reason,
    uid,
    dryRun: dryRun ? true : undefined,
    msg: message,
  };
}

function controllerOf(metadata: unknown): string | undefined {
  const owner = arrayMember(metadata, 'ownerReferences').find(
    (reference) => member(reference, 'controller') === true,
  );
  if (owner === undefined) return undefined;
  return `${stringMember(owner, 'kind') ?? ''}/${stringMember(owner, 'name') ?? ''}`;
}
