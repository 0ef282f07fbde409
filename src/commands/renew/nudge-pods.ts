import { setTimeout as sleep } from 'node:timers/promises';
import { readMountedSecrets } from '../../delivery/mounted-secrets.ts';
import { NUDGE_AFTER_MS } from '../../delivery/nudge.ts';
import { isNotFound, KubeError } from '../../kube/errors.ts';
import { LIVE_PODS, nudgePod, PODS } from '../../kube/pods.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { objectMember, stringMember } from '../../resources/json.ts';
import { REFRESHED_WITHIN } from '../../resources/kubelet.ts';
import type { Access } from '../cluster/connect.ts';
import { describeApiError } from '../cluster/api-errors.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import { RENEW_FIELD_MANAGER } from './renew-request.ts';

/** The pods that mount a Secret, after each was to look at it again. */
export interface NudgedPods {
  /** Names of those that were nudged. */
  readonly nudged: readonly string[];
  /** Why others were not, one line for each reason. */
  readonly problems: readonly string[];
}

/** Each takes a write: a command must not cost the API server more. The kubelet brings the token to the others. */
const MAX_NUDGED_PODS = 1_000;

/**
 * Nudges the pods that mount the Secret of this name, with the caller's rights. What is refused is a problem, not an
 * exception.
 */
export async function nudgeMountingPods(
  { client, namespace, printer }: Access,
  secret: string,
): Promise<NudgedPods> {
  const problems = new Set<string>();
  const note = (error: unknown): void => {
    if (!(error instanceof KubeError)) throw error;
    problems.add(describeApiError(error, printer));
  };
  await sleep(NUDGE_AFTER_MS);
  const names: string[] = [];
  try {
    await client.listMapped(resourcePath(PODS, { namespace }), {
      query: LIVE_PODS,
      withoutManagedFields: true,
      map: (pod) => {
        const name = stringMember(objectMember(pod, 'metadata'), 'name');
        if (name !== undefined && readMountedSecrets(pod).includes(secret)) names.push(name);
      },
    });
  } catch (error) {
    note(error);
  }
  if (names.length > MAX_NUDGED_PODS)
    problems.add(
      `only ${MAX_NUDGED_PODS} of ${names.length} pods were updated: the others have the token within ${REFRESHED_WITHIN} s`,
    );
  const nudged = await inParallel(names.slice(0, MAX_NUDGED_PODS), async (name) => {
    try {
      await nudgePod(client, { namespace, name }, { now: Date.now(), fieldManager: RENEW_FIELD_MANAGER });
      return name;
    } catch (error) {
      if (!isNotFound(error)) note(error);
      return undefined;
    }
  });
  return { nudged: nudged.filter((name) => name !== undefined), problems: [...problems] };
}
