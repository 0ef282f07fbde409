import { KubeError, readStatus } from '../../../src/kube/errors.ts';

/** An answer to a call that is not executed, by the API server, an admission plugin, or a proxy before it. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** The reason in its `Status`, if any. */
  readonly why?: Why;
  /** Seconds to wait, as in the answer. */
  readonly retryAfter?: number;
}

export type Why = keyof typeof WORDS;

/** The messages of Kubernetes 1.37, each with its HTTP status. */
const WORDS = {
  quota: says(403, 'secrets "a" is forbidden: exceeded quota: tokens, requested: secrets=1, used: secrets=9'),
  policy: says(
    403,
    `secrets "a" is forbidden: ValidatingAdmissionPolicy 'no-tokens' with binding 'all' denied request: no`,
  ),
  webhook: says(403, 'admission webhook "no.example.com" denied the request: no'),
  'no right': says(
    403,
    'User "x" cannot patch resource "secrets" in API group "" in the namespace "science"',
  ),
  'namespace goes': says(403, 'it is being terminated', ['metadata.namespace', 'NamespaceTerminating']),
  immutable: says(422, 'Secret "a" is invalid', ['data', 'FieldValueForbidden']),
  'wrong labels': says(422, 'Secret "a" is invalid', ['metadata.labels', 'FieldValueInvalid']),
  'silent webhook': says(500, 'Internal error occurred: failed calling webhook "no.example.com": deadline'),
};

/** Every error status of an API server, or of a proxy before it. */
export const STATUSES = [
  400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 429, 500, 502, 503, 504,
] as const;

/** Answers with more than a status. */
export const ELOQUENT: readonly Answer[] = Object.entries(WORDS).map(([why, { status }]) => ({
  status,
  why: why as Why,
}));

/** A call: its purpose and its object. */
interface Called {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The error that our client throws for the answer. */
export function answered(call: Called, { status, why, retryAfter }: Answer): KubeError {
  const { message = '', causes = [] } = why === undefined ? {} : WORDS[why];
  const details = { causes, ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }) };
  return new KubeError({ ...call, ...readStatus(status, { message, details }) });
}

function says(status: number, message: string, ...causes: readonly (readonly [string, string])[]) {
  return { status, message, causes: causes.map(([field, reason]) => ({ field, reason })) };
}
