import type { ObjectName } from '../../resources/object-key.ts';
import { readMountedSecrets } from '../../delivery/mounted-secrets.ts';
import { NUDGE_AFTER_MS } from '../../delivery/nudge.ts';
import { isNotFound, KubeError } from '../../kube/errors.ts';
import { PODS } from '../../kube/known-resources.ts';
import { LIVE_PODS, nudgePod } from '../../kube/pods.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { objectMember, stringMember } from '../../resources/json.ts';
import { systemClock } from '../../time/clock.ts';
import type { Access } from '../cluster/connect.ts';
import { describeApiError } from '../cluster/api-errors.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import { RENEW_FIELD_MANAGER } from './renew-request.ts';

/** The pods that mount a Secret, after each was to look at it again. */
export interface NudgedPods {
  /** How many there are. */
  readonly mounting: number;
  /** Names of those that were nudged. */
  readonly nudged: readonly string[];
}

/** The result of nudging pods. */
export interface NudgeOutcome {
  /** `undefined` when they could not be listed. */
  readonly pods: NudgedPods | undefined;
  /** Why pods were not listed or not nudged, one line for each reason. */
  readonly problems: readonly string[];
}

/** Each takes a write: a command must not cost the API server more. The kubelet brings the token to the others. */
export const MAX_NUDGED_PODS = 1_000;

/**
 * Nudges the pods that mount the Secret of this name, with the caller's rights. What is refused is a problem, not an
 * exception.
 */
export async function nudgeMountingPods(
  { client, namespace, printer }: Access,
  secret: string,
): Promise<NudgeOutcome> {
  const problems = new Set<string>();
  const note = (error: unknown): void => {
    if (!(error instanceof KubeError)) throw error;
    problems.add(describeApiError(error, printer));
  };
  await systemClock.sleep(NUDGE_AFTER_MS);
  const names = await listMountingPods(client, { namespace, name: secret }).catch((error: unknown) => {
    note(error);
    return undefined;
  });
  if (names === undefined) return { pods: undefined, problems: [...problems] };
  if (names.length > MAX_NUDGED_PODS)
    problems.add(`only ${MAX_NUDGED_PODS} of the ${names.length} pods that mount it were nudged`);
  let gone = 0;
  const nudged = await inParallel(names.slice(0, MAX_NUDGED_PODS), async (name) => {
    try {
      await nudgePod(
        client,
        { namespace, name },
        { now: systemClock.now(), fieldManager: RENEW_FIELD_MANAGER },
      );
      return name;
    } catch (error) {
      if (isNotFound(error)) gone += 1;
      else note(error);
      return undefined;
    }
  });
  return {
    pods: { mounting: names.length - gone, nudged: nudged.filter((name) => name !== undefined) },
    problems: [...problems],
  };
}

/** Names of the running pods in the namespace of a Secret that mount it. */
async function listMountingPods(
  client: Access['client'],
  { namespace, name: secret }: ObjectName,
): Promise<readonly string[]> {
  const { items } = await client.listMapped(resourcePath(PODS, { namespace }), {
    query: LIVE_PODS,
    withoutManagedFields: true,
    map: (pod) =>
      readMountedSecrets(pod).includes(secret)
        ? stringMember(objectMember(pod, 'metadata'), 'name')
        : undefined,
  });
  return items.filter((name) => name !== undefined);
}
