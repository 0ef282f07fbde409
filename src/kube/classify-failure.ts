import type { Failure } from '../reconcile/failure.ts';
import { isConflict, isNamespaceTerminating, isNotFound, KubeError } from './errors.ts';

/** The meaning for a round of an error that the client threw; `undefined`: it is not the answer of an API server, but a bug. */
export function classifyFailure(error: unknown): Failure | undefined {
  if (!(error instanceof KubeError)) return undefined;
  const { message, retryAfter } = error;
  const meaning = meaningOf(error);
  return { meaning, message, refusal: meaning === 'stale' ? undefined : refusalOf(error), retryAfter };
}

function refusalOf({ refusal, namespace }: KubeError): Failure['refusal'] {
  const isPlaced = refusal?.kind === 'no-right' && namespace !== undefined;
  return isPlaced ? { ...refusal, namespace } : refusal;
}

function meaningOf(error: KubeError): Failure['meaning'] {
  if (isNamespaceTerminating(error)) return 'terminating';
  // A JSON patch whose test fails answers 422 and names no cause: the object changed meanwhile.
  const isBare = error.refusal?.kind === 'other' && error.causes.length === 0;
  const isTestFailed = error.status === 422 && error.verb === 'patch' && isBare;
  // A webhook may choose 409 for what it denies: nothing has changed then.
  if ((isConflict(error) && error.refusal === undefined) || isTestFailed) return 'stale';
  return isNotFound(error) ? 'absent' : 'failed';
}
