import type { Refusal, RefusalKind } from '../reconcile/refusal.ts';

/** The parts of the API server's answer that are read. */
interface Answered {
  readonly status: number;
  readonly reason: string;
  /** The text for patterns alone: it may quote a token. */
  readonly message: string;
  readonly causes: readonly { readonly field: string; readonly reason: string }[];
}

/** A DNS-1123 subdomain, as quotas, policies and webhooks are named; in a message, so that nothing else gets through. */
const NAME_PATTERN = String.raw`([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)`;

/** Only the beginning is searched: names come before what a policy's author wrote. Characters. */
const SEARCHED = 1_024;

/**
 * Messages of Kubernetes (seen with 1.37), each with the name or the right in groups. What a policy's or webhook's
 * author wrote comes after these words; so the first that fits counts.
 */
const MESSAGES: readonly (readonly [RefusalKind, RegExp])[] = [
  ['webhook', new RegExp(`^admission webhook "${NAME_PATTERN}" denied the request`)],
  [
    'policy',
    new RegExp(
      ` is forbidden: ValidatingAdmissionPolicy '${NAME_PATTERN}' (?:with binding |denied request: )`,
    ),
  ],
  ['mutating-policy', new RegExp(`^policy ['"]${NAME_PATTERN}['"] (?:with binding |denied request: )`)],
  ['quota', new RegExp(` is forbidden: exceeded quota: ${NAME_PATTERN}, `)],
  ['no-right', /" cannot ([a-z]{1,16}) resource "([a-z]{1,63}(?:\/[a-z]{1,63})?)" in API group /],
];

/**
 * Kubernetes 1.30 says no more than this, or what RBAC could not evaluate, where an apply would make a new object and
 * the right to create is missing (`withAuthorization` of k8s.io/apiserver).
 */
const MAY_NOT_CREATE = /^([a-z]{1,63})(?:\.[a-z0-9.-]{1,253})? "[^"]{0,253}" is forbidden: (?:RBAC: |$)/;

/** Details of a 422 (Kubernetes API, `Status`) by field and reason. */
const REFUSED_FIELDS: readonly (readonly [RefusalKind, RegExp, RegExp])[] = [
  ['immutable', /^(data|immutable)$/, /^FieldValueForbidden$/],
  ['type', /^type$/, /^FieldValueInvalid$/],
  ['too-large', /^data$/, /^FieldValueTooLong$/],
  ['labels', /^metadata\.labels/, /./],
  ['annotations', /^metadata\.annotations/, /./],
];

/** Statuses of what no later try changes, unless one of the words above says more. */
const LASTING: ReadonlySet<number> = new Set([400, 403, 405, 415, 422]);

/**
 * Why the same request will be refused again, or `undefined` when it may succeed later or the object is to be read again. A
 * namespace that is being deleted does not count: its JWT goes too.
 */
export function classifyRefusal({ status, reason, message, causes }: Answered): Refusal | undefined {
  if (status < 400 || status > 499) return undefined;
  if (causes.some((cause) => cause.reason === 'NamespaceTerminating')) return undefined;
  const start = message.slice(0, SEARCHED);
  for (const [kind, pattern] of MESSAGES) {
    const found = pattern.exec(start);
    if (found !== null) return { kind, subject: found.slice(1).join(' ') };
  }
  const uncreated = status === 403 ? MAY_NOT_CREATE.exec(start)?.[1] : undefined;
  if (uncreated !== undefined) return { kind: 'no-right', subject: `create ${uncreated}` };
  if (status === 413) return { kind: 'too-large', subject: '' };
  const field = REFUSED_FIELDS.find(([, name, word]) =>
    causes.some((cause) => name.test(cause.field) && word.test(cause.reason)),
  );
  if (field !== undefined) return { kind: field[0], subject: '' };
  return LASTING.has(status) ? { kind: 'other', subject: `${status} ${reason}` } : undefined;
}

/** An admission webhook that does not answer, by its name: that passes, but somebody should know which. */
export function findSilentWebhook(message: string): string | undefined {
  const name = new RegExp(`failed calling webhook "${NAME_PATTERN}"`).exec(message.slice(0, SEARCHED))?.[1];
  return name === undefined ? undefined : `admission webhook ${name} does not answer`;
}
