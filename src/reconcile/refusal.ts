import type { ObjectName } from '../resources/object-key.ts';
import { kubectl } from '../resources/shell-words.ts';
import { describeBackoff, MANY_TRIES } from '../time/backoff.ts';
import { formatDuration } from '../time/format-time.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';

/** Why the API server refuses a write again and again until somebody changes something. */
export type RefusalKind =
  | 'quota'
  | 'policy' // a ValidatingAdmissionPolicy
  | 'mutating-policy' // a MutatingAdmissionPolicy that fails, or cannot be evaluated
  | 'webhook'
  | 'immutable'
  | 'type'
  | 'too-large'
  | 'labels'
  | 'annotations'
  | 'no-right'
  | 'other';

/**
 * Why the API server will refuse a write until somebody changes something. `subject` is the name of a quota, policy or
 * webhook, verb and resource of a missing right, or status and reason of any other refusal; empty for the rest. Nothing
 * else of the API server's message is kept, as it may quote a token.
 */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly subject: string;
  /** The namespace in which a right is missing; absent: that of the JWT. The key can be in another one. */
  readonly namespace?: string;
}

const LONG_WAIT_MS = MANY_TRIES.longest; // it passes only when somebody changes something (docs/reasons.md)

/**
 * How long a refused write is not tried again unless an input changes. `undefined`: after the usual back-off. A missing
 * right may come back in a moment: an API server that has just started refuses everything until it has read the roles.
 */
export function waitAfterRefusal({ kind }: Refusal): Milliseconds | undefined {
  return kind === 'no-right' ? undefined : LONG_WAIT_MS;
}

type Words = (subject: string, place: ObjectName) => string;

/** Its name depends on the installation: on the namespace, and on whether webhook and controller run apart. */
const SERVICE_USER = 'the ServiceAccount of jwt-injector';

function refusedByPolicy(resource: string, name: string): string {
  return (
    `admission policy ${name} does not allow the write: ask its administrator to exempt ${SERVICE_USER}, ` +
    `or make the JWT follow it (${kubectl('describe', resource, name)})`
  );
}

/** Words for each refusal and its remedy: conditions, events, `explain` and `renew` all show them. */
const REFUSAL_WORDS: Readonly<Record<RefusalKind, Words>> = {
  quota: (name, { namespace }) =>
    `ResourceQuota ${name} of namespace ${namespace} is used up: raise it, or delete what is not needed ` +
    `(${kubectl('describe', 'quota', name, '-n', namespace)})`,
  policy: (name) => refusedByPolicy('validatingadmissionpolicy', name),
  'mutating-policy': (name) => refusedByPolicy('mutatingadmissionpolicy', name),
  webhook: (name) =>
    `admission webhook ${name} does not allow the write: ask its administrator to exempt ${SERVICE_USER}, ` +
    'or make the JWT follow its rules',
  immutable: (_, { namespace, name }) =>
    `Secret ${name} has immutable: true, so no new token can be written to it: keep what else it holds, then ` +
    `${kubectl('delete', 'secret', name, '-n', namespace)}; it is created again at once`,
  type: (_, { namespace, name }) =>
    `Secret ${name} is not of type Opaque, and the type of a Secret cannot be changed: keep what else it holds, then ` +
    `${kubectl('delete', 'secret', name, '-n', namespace)}; it is created again at once`,
  'too-large': (_, { name }) =>
    `Secret ${name} with the new token would be larger than the 1 MiB that Kubernetes stores: make spec.data smaller, ` +
    'or move what else the Secret holds',
  labels: () =>
    'spec.secretTemplate.labels has an invalid key or value: keys are of the form [DOMAIN/]NAME, and keys and values are at most ' +
    '63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  annotations: () =>
    'spec.secretTemplate.annotations has an invalid key, or all annotations together are larger than 256 KiB: ' +
    'keys are of the form [DOMAIN/]NAME, NAME at most 63 letters, digits, "-", "_" and "."',
  'no-right': (right, { namespace }) =>
    `jwt-injector is not allowed to ${right} in namespace ${namespace}: ask an administrator to install its roles again ` +
    '(jwt-injector doctor names what is missing)',
  other: (answer) =>
    `the API server does not allow the write (${answer}): ask an administrator to look for the request of ` +
    `${SERVICE_USER} in the audit log, and for admission plugins that could refuse it`,
};

/**
 * One line for people: what the refusal is and what helps. `place` is that of the JWT; `wait` as of
 * `waitAfterRefusal`, if that is waited for.
 */
export function describeRefusal(refusal: Refusal, place: ObjectName, wait: Milliseconds | undefined): string {
  const pace =
    wait === undefined ? `after ${describeBackoff(MANY_TRIES)}` : `every ${formatDuration(toSeconds(wait))}`;
  const { kind, subject, namespace = place.namespace } = refusal;
  const what = REFUSAL_WORDS[kind](subject, { ...place, namespace });
  return `${what}. It is tried again ${pace}, and when the JWT, its key or its Secret changes`;
}
