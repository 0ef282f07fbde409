import { isNamespaceTerminating, type KubeError } from '../../kube/errors.ts';
import { JWTS } from '../../kube/known-resources.ts';
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
  const { why, remedy } = explainApiError(error);
  return remedy === undefined ? why : `${why}: ${remedy(printer)}`;
}

/** The refusal of the API server, in one line without the remedy. */
export function describeFailedRequest(error: KubeError): string {
  return explainApiError(error).why;
}

/** `read secrets in namespace x`, to follow "you are not allowed to". */
export function describeRequest({ verb, resource, namespace, objectName }: KubeError): string {
  const name = objectName === undefined ? '' : ` ${objectName}`;
  const isAll = namespace === undefined && objectName === undefined;
  const where = namespace === undefined ? (isAll ? ' in all namespaces' : '') : ` in namespace ${namespace}`;
  // RBAC is about the kind; the name matters where there is no namespace to say which one.
  return `${VERBS[verb] ?? verb} ${resource}${namespace === undefined ? name : ''}${where}`;
}

/** Why a request failed, and what helps, if anything is known to. */
interface ApiProblem {
  readonly why: string;
  readonly remedy?: (printer: CommandPrinter) => string;
}

function explainApiError(error: KubeError): ApiProblem {
  const { status, verb, resource, refusal } = error;
  if (isMissingNamespace(error)) return explainMissingNamespace(error);
  if (isNamespaceTerminating(error)) {
    return {
      why: `namespace ${error.namespace} is being deleted, and nothing can be created in it any more`,
      remedy: () => 'use another one, or wait until it is gone and create it again',
    };
  }
  const admission = refusal === undefined ? undefined : ADMISSION[refusal.kind];
  if (refusal !== undefined && admission !== undefined) {
    const { by, remedy } = admission(refusal.subject, error);
    return { why: `${by} does not allow you to ${describeRequest(error)}`, remedy };
  }
  if (status === 403) return explainForbidden(error);
  if (status === 401) {
    return {
      why: 'the API server does not accept your credentials',
      remedy: () => 'log in again, or choose another --context',
    };
  }
  if (status === 404) return explainNotFound(error);
  if (error.reason === 'Credentials') return { why: `nothing was sent to the API server: ${error.message}` };
  if (status === 0) return { why: `no answer from the API server: ${error.message}` };
  return { why: `the API server refused to ${VERBS[verb] ?? verb} ${resource}: ${error.message}` };
}

/** It is the namespace that is missing, and not the kind or the object. */
function isMissingNamespace({ status, missing, namespace }: KubeError): boolean {
  return status === 404 && namespace !== undefined && missing === 'namespaces';
}

function explainMissingNamespace({ namespace = '' }: KubeError): ApiProblem {
  return {
    why: `there is no namespace ${namespace}`,
    remedy: ({ kubectl }) => `correct -n, or create it (${kubectl('create', 'namespace', namespace)})`,
  };
}

/** Says which part refuses the request; `name` is that of the quota, policy or webhook. */
type ExplainAdmission = (
  name: string,
  error: KubeError,
) => { readonly by: string } & Required<Pick<ApiProblem, 'remedy'>>;

/** The parts that refuse a request of a client that has the right. */
const ADMISSION: Partial<Readonly<Record<RefusalKind, ExplainAdmission>>> = {
  quota: (name, { namespace = '' }) => ({
    by: `ResourceQuota ${name}, which is used up,`,
    remedy: ({ kubectl }) =>
      `raise it, or delete what is not needed (${kubectl('describe', 'quota', name, '-n', namespace)})`,
  }),
  policy: explainPolicy('validatingadmissionpolicy'),
  'mutating-policy': explainPolicy('mutatingadmissionpolicy'),
  webhook: (name) => ({ by: `admission webhook ${name}`, remedy: () => 'ask its administrator' }),
};

function explainPolicy(resource: string): ExplainAdmission {
  return (name) => ({
    by: `admission policy ${name}`,
    remedy: ({ kubectl }) => `ask its administrator (${kubectl('describe', resource, name)})`,
  });
}

function explainForbidden(error: KubeError): ApiProblem {
  const request = describeRequest(error);
  if (isRightMissing(error))
    return { why: `you are not allowed to ${request}`, remedy: (printer) => askForRight(error, printer) };
  return {
    why: `the API server does not allow you to ${request} (${error.status} ${error.reason})`,
    remedy: () => 'an admission plugin of the cluster may refuse it; ask an administrator',
  };
}

/** Reads are refused for nothing else; a write without the right has a refusal of its own kind. */
function isRightMissing({ verb, refusal }: KubeError): boolean {
  const isRead = verb === 'get' || verb === 'list' || verb === 'watch';
  return isRead || refusal === undefined || refusal.kind === 'no-right';
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
  // It includes JWTs, `view` does not (docs/security.md).
  const right = namespace !== undefined && resource === JWTS.plural ? 'the role edit' : 'the right to do so';
  return `ask ${owner} for ${right} (${kubectl('auth', 'can-i', word, resource, ...where)})`;
}

function explainNotFound({ resource, namespace, objectName }: KubeError): ApiProblem {
  if (objectName === undefined) {
    const cause = 'their CRD is not installed, or has another scope';
    return {
      why: `the API server does not know ${resource}`,
      remedy: ({ jwtInjector }) =>
        resource === JWTS.plural ? `${cause} (${jwtInjector('migrate', 'check')} shows which)` : cause,
    };
  }
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return { why: `there is no ${objectName} among the ${resource}${where}` };
}
