import type { Failure } from '../reconcile/failure.ts';
import { isConflict, isNamespaceTerminating, isNotFound, KubeError } from './errors.ts';

/** What it means for a round that the client threw this; `undefined`: it is not the answer of an API server, but a bug. */
export function classifyFailure(error: unknown): Failure | undefined {
  if (!(error instanceof KubeError)) return undefined;
  const { message, refusal, retryAfter } = error;
  return { meaning: meaningOf(error), message, refusal, retryAfter };
}

function meaningOf(error: KubeError): Failure['meaning'] {
  if (isNamespaceTerminating(error)) return 'terminating';
  // A JSON patch whose test fails answers 422 and names no cause: the object changed meanwhile.
  const isBare = error.refusal?.kind === 'other' && error.causes.length === 0;
  const isTestFailed = error.status === 422 && error.verb === 'patch' && isBare;
  if (isConflict(error) || isTestFailed) return 'stale';
  return isNotFound(error) ? 'absent' : 'failed';
}
