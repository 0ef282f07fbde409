import type { ModelJwt } from './model-cluster.ts';

/** kopf's finalizer, which token-manager adds to every JWT. */
export const KOPF = 'kopf.zalando.org/KopfFinalizerMarker';
/** The time after which a running token-manager has certainly removed it. */
export const RELEASE_AFTER_MS = 10_000;

/** Whether token-manager's finalizer still keeps a deleted JWT after that time; `now` in milliseconds. */
export function isStuck({ deletedAt, finalizers }: ModelJwt, now: number): boolean {
  return deletedAt !== undefined && finalizers.includes(KOPF) && now > deletedAt + RELEASE_AFTER_MS;
}

/**
 * What is wrong with a patch by the service: it must remove nothing except for that finalizer, and not before
 * that time.
 */
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
  return isLost ? 'a finalizer of another owner was lost' : undefined;
}
