import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { arrayMember, member, objectMember, stringMember } from '../resources/json.ts';
import { MAX_OBJECT_NAME } from '../resources/object-name.ts';
import type { TraceContext } from './trace-context.ts';

/** Messages quote several names. Any client of the port can send longer ones, and longer names. */
const MAX_MESSAGE_SHOWN = 1_000;

/**
 * The fields of the one log line of a decision: who, what, why. Never the object, which may hold secrets of its owner.
 * A field that is `undefined` is not in the line.
 */
export function decisionLine(
  request: AdmissionRequest,
  { decision, reason, message }: AdmissionAnswer,
  trace: TraceContext | undefined,
): { readonly msg: string; readonly [field: string]: unknown } {
  const { namespace, kind, subResource, uid, dryRun } = request;
  const metadata = objectMember(request.object, 'metadata');
  const ownNamespace = stringMember(metadata, 'namespace') ?? '';
  const name = request.name || (stringMember(metadata, 'name') ?? '');
  return {
    namespace: cutText(namespace),
    name: name === '' ? undefined : cutText(name),
    generateName: name === '' ? cutText(stringMember(metadata, 'generateName')) : undefined,
    kind: cutText(kind),
    subResource: subResource === '' ? undefined : cutText(subResource),
    objectNamespace: ownNamespace === '' || ownNamespace === namespace ? undefined : cutText(ownNamespace),
    owner: controllerOf(metadata),
    decision,
    reason,
    uid,
    dryRun: dryRun ? true : undefined,
    ...trace,
    msg: cutText(message, MAX_MESSAGE_SHOWN) ?? '',
  };
}

function controllerOf(metadata: unknown): string | undefined {
  const owner = arrayMember(metadata, 'ownerReferences').find(
    (reference) => member(reference, 'controller') === true,
  );
  if (owner === undefined) return undefined;
  return `${cutText(stringMember(owner, 'kind')) ?? ''}/${cutText(stringMember(owner, 'name')) ?? ''}`;
}

function cutText(text: string | undefined, longest = MAX_OBJECT_NAME): string | undefined {
  return text === undefined || text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
