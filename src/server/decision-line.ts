import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { arrayMember, member, objectMember, stringMember } from '../resources/json.ts';

/** The one log line of a decision: who, what, why. Never the object, which may hold secrets of its owner. */
export function decisionLine(
  request: AdmissionRequest,
  { decision, reason }: AdmissionAnswer,
): Record<string, unknown> {
  const metadata = objectMember(request.object, 'metadata');
  const ownNamespace = stringMember(metadata, 'namespace') ?? '';
  const name = request.name || (stringMember(metadata, 'name') ?? '');
  return {
    namespace: request.namespace,
    ...(name === '' ? { generateName: stringMember(metadata, 'generateName') } : { name }),
    kind: request.kind,
    ...(request.subResource === '' ? {} : { subResource: request.subResource }),
    ...(ownNamespace === '' || ownNamespace === request.namespace ? {} : { objectNamespace: ownNamespace }),
    owner: controllerOf(metadata),
    decision,
    reason,
    uid: request.uid,
    dryRun: request.dryRun,
  };
}

function controllerOf(metadata: unknown): string | undefined {
  const owner = arrayMember(metadata, 'ownerReferences').find(
    (reference) => member(reference, 'controller') === true,
  );
  if (owner === undefined) return undefined;
  return `${stringMember(owner, 'kind') ?? ''}/${stringMember(owner, 'name') ?? ''}`;
}
