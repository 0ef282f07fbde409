import { isDenied, isForbidden, isNotFound, KubeError } from '../../kube/errors.ts';
import { describeFailedRequest } from './api-errors.ts';

/** The result of reading something in the cluster. */
export type ReadResult<T> =
  | { readonly state: 'found'; readonly value: T }
  | { readonly state: 'absent' }
  /** `why`, in one line: the caller is not allowed to, or the API server did not answer. */
  | { readonly state: 'unread'; readonly why: string };

/** Reads; what the API server refuses becomes a part of the answer. Throws for refused credentials, and bugs. */
export async function tryRead<T>(read: () => Promise<T>): Promise<ReadResult<T>> {
  try {
    return { state: 'found', value: await read() };
  } catch (error) {
    if (isNotFound(error)) return { state: 'absent' };
    // Credentials that are not accepted are not accepted for the rest either.
    if (!(error instanceof KubeError) || (isDenied(error) && !isForbidden(error))) throw error;
    return { state: 'unread', why: describeFailedRequest(error) };
  }
}

/** The value that was found; `undefined` for any other result. */
export function foundValue<T>(result: ReadResult<T>): T | undefined {
  return result.state === 'found' ? result.value : undefined;
}
