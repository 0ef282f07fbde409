import { isNamespaceTerminating, type KubeError } from '../../kube/errors.ts';
import type { RefusalKind } from '../../reconcile/refusal.ts';
import type { CommandPrinter } from './command-printer.ts';

/** The API server's verbs in everyday words. */
const VERBS: Readonly<Record<string, string>> = {
  get: 'read',
  list: 'list',
  watch: 'watch',
  patch: 'change',
  apply: 'change',
  create: 'create',
};

/** The refusal of the API server, and the remedy, in one line, for the person who ran the command. */
export function describeApiError(error: KubeError, printer: CommandPrinter): string {
  const why = describeFailedRequest(error);
  const remedy = findRemedy(error, printer);
  return remedy === undefined ? why : `${why}: ${remedy}`;
}

/** The refusal of the API server, in one line without the remedy. */
export function describeFailedRequest(error: KubeError): string {
  const { status, verb, resource, namespace, objectName, refusal } = error;
  if (isMissingNamespace(error)) return `there is no namespace ${namespace}`;
  if (isNamespaceTerminating(error))
    return `namespace ${namespace} is being deleted, and nothing can be created in it any more`;
  const admission = refusal === undefined ? undefined : ADMISSION[refusal.kind];
  if (refusal !== undefined && admission !== undefined)
    return `${admission.by(refusal.subject, error)} does not allow you to ${describeRequest(error)}`;
  if (status === 403)
    return isRightMissing(error)
      ? `you are not allowed to ${describeRequest(error)}`
      : `the API server does not allow you to ${describeRequest(error)} (${status} ${error.reason})`;
  if (status === 401) return 'the API server does not accept your credentials';
  if (status === 404) {
    const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
    return objectName === undefined
      ? `the API server does not know ${resource}`
      : `there is no ${objectName} among the ${resource}${where}`;
  }
  if (error.reason === 'Credentials') return `nothing was sent to the API server: ${error.message}`;
  if (status === 0) return `no answer from the API server: ${error.message}`;
  return `the API server refused to ${VERBS[verb] ?? verb} ${resource}: ${error.message}`;
}

/** `read secrets in namespace x`, to follow "you are not allowed to". */
export function describeRequest({ verb, resource, namespace, objectName }: KubeError): string {
  const name = objectName === undefined ? '' : ` ${objectName}`;
  const isAll = namespace === undefined && objectName === undefined;
  const where = namespace === undefined ? (isAll ? ' in all namespaces' : '') : ` in namespace ${namespace}`;
  // RBAC is about the kind; the name matters where there is no namespace to say which one.
  return `${VERBS[verb] ?? verb} ${resource}${namespace === undefined ? name : ''}${where}`;
}

interface AdmissionWords {
  /** The part that refuses the request; `name` is that of the quota, policy or webhook. */
  readonly by: (name: string, error: KubeError) => string;
  readonly remedy: (name: string, error: KubeError, printer: CommandPrinter) => string;
}

/** The parts that refuse a request of a client that has the right. */
const ADMISSION: Partial<Readonly<Record<RefusalKind, AdmissionWords>>> = {
  quota: {
    by: (name) => `ResourceQuota ${name}, which is used up,`,
    remedy: (name, { namespace = '' }, { kubectl }) =>
      `raise it, or delete what is not needed (${kubectl('describe', 'quota', name, '-n', namespace)})`,
  },
  policy: policyWords('validatingadmissionpolicy'),
  'mutating-policy': policyWords('mutatingadmissionpolicy'),
  webhook: {
    by: (name) => `admission webhook ${name}`,
    remedy: () => 'ask its administrator',
  },
};

function policyWords(resource: string): AdmissionWords {
  return {
    by: (name) => `admission policy ${name}`,
    remedy: (name, _error, { kubectl }) => `ask its administrator (${kubectl('describe', resource, name)})`,
  };
}

/** Reads are refused for nothing else; a write without the right has a refusal of its own kind. */
function isRightMissing({ verb, refusal }: KubeError): boolean {
  const isRead = verb === 'get' || verb === 'list' || verb === 'watch';
  return isRead || refusal === undefined || refusal.kind === 'no-right';
}

/** It is the namespace that is missing, and not the kind or the object. */
function isMissingNamespace({ status, missing, namespace }: KubeError): boolean {
  return status === 404 && namespace !== undefined && missing === 'namespaces';
}

function findRemedy(error: KubeError, printer: CommandPrinter): string | undefined {
  const { status, objectName, namespace, refusal } = error;
  if (isMissingNamespace(error))
    return `correct -n, or create it (${printer.kubectl('create', 'namespace', namespace ?? '')})`;
  if (isNamespaceTerminating(error)) return 'use another one, or wait until it is gone and create it again';
  const admission = refusal === undefined ? undefined : ADMISSION[refusal.kind];
  if (refusal !== undefined && admission !== undefined)
    return admission.remedy(refusal.subject, error, printer);
  if (status === 403)
    return isRightMissing(error)
      ? askForRight(error, printer)
      : 'an admission plugin of the cluster may refuse it; ask an administrator';
  if (status === 401) return 'log in again, or choose another --context';
  return status === 404 && objectName === undefined
    ? 'their CRD is not installed, or has another scope'
    : undefined;
}

function askForRight(
  { verb, resource, namespace, objectName }: KubeError,
  { kubectl }: CommandPrinter,
): string {
  const word = verb === 'apply' ? 'patch' : verb;
  const inAll = objectName === undefined ? ['-A'] : [];
  const where = namespace === undefined ? inAll : ['-n', namespace];
  const owner =
    namespace === undefined ? 'an administrator of the cluster' : `an administrator of ${namespace}`;
  return `ask ${owner} for the right to (${kubectl('auth', 'can-i', word, resource, ...where)})`;
}
