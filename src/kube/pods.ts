import type { ObjectName } from '../resources/object-key.ts';
import { nudgePatch } from '../delivery/nudge.ts';
import type { Milliseconds } from '../time/units.ts';
import { METADATA_ONLY, type KubeClient } from './client.ts';
import { PODS } from './known-resources.ts';
import { resourcePath } from './resource-path.ts';

/** Pods are listed and watched with it: those that have ended read no token any more, and of Jobs there may be thousands. */
export const LIVE_PODS = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' };

/** Has the kubelet look at a pod's Secrets. Throws a KubeError. */
export async function nudgePod(
  client: Pick<KubeClient, 'mergePatch'>,
  pod: ObjectName,
  options: { readonly now: Milliseconds; readonly fieldManager: string; readonly signal?: AbortSignal },
): Promise<void> {
  const { now, fieldManager, signal } = options;
  await client.mergePatch(resourcePath(PODS, pod), nudgePatch(now), {
    query: { fieldManager },
    accept: METADATA_ONLY,
    ...(signal === undefined ? {} : { signal }),
  });
}
