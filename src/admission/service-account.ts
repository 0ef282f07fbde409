import { member, objectMember, type JsonObject } from '../resources/json.ts';
import type { Decision } from './decision.ts';
import { MOVE } from './placement/placement-denials.ts';
import { NO_WARNINGS, type Warning } from './warnings.ts';

/** The directory in which pods have the token of their ServiceAccount (Kubernetes, plugin/pkg/admission/serviceaccount). */
const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Warns of a token that takes the place of the ServiceAccount's. Kubernetes mounts that into new pods before the webhook
 * sees them, unless the pod or its ServiceAccount forbids it: so a template, or a file, does not show that the place is taken.
 * @param who the pods, at the beginning of a sentence about them.
 * @param pod the pod template, or the pod.
 */
export function warnOfServiceAccountMount(
  who: string,
  pod: JsonObject,
  decision: Decision,
): readonly Warning[] {
  if (decision.decision !== 'inject') return NO_WARNINGS;
  const { containers } = decision.plan;
  const isTaken = containers.some(({ mounts }) => mounts.some(({ mountPath }) => mountPath === DIRECTORY));
  if (!isTaken || member(objectMember(pod, 'spec'), 'automountServiceAccountToken') === false)
    return NO_WARNINGS;
  return [
    { kind: 'refused', text: `${who} may be refused: ${DIRECTORY} has the ServiceAccount's token` },
    { kind: 'remedy', text: `to have them admitted: ${MOVE}` },
  ];
}
