import type { ModelJwt } from './model-cluster.ts';

/** kopf's, which token-manager puts on every JWT. */
export const KOPF = 'kopf.zalando.org/KopfFinalizerMarker';
/** A token-manager that runs has so long to remove it. */
export const RELEASE_AFTER_MS = 10_000;

/** Whether token-manager's finalizer keeps a deleted JWT, and token-manager had its time; `now` in milliseconds. */
export function isStuck({ deletedAt, finalizers }: ModelJwt, now: number): boolean {
  return deletedAt !== undefined && finalizers.includes(KOPF) && now > deletedAt + RELEASE_AFTER_MS;
}

/** What is wrong with a patch of ours: it removes nothing but that finalizer, and not before token-manager had its time. */
export function findPatchFault(
  before: ModelJwt | undefined,
  after: ModelJwt | undefined,
  now: number,
): string | undefined {
  const { deletedAt = Number.POSITIVE_INFINITY, finalizers = [] } = before ?? {};
  const deletionTimestamp = Math.floor(deletedAt / 1000) * 1000;
  if (now < deletionTimestamp + RELEASE_AFTER_MS)
    return 'the finalizer of token-manager was taken off too early';
  const kept = after?.finalizers ?? [];
  const isLost = finalizers.some((name) => name !== KOPF && !kept.includes(name));
  return isLost ? 'a finalizer of somebody else was lost' : undefined;
}
