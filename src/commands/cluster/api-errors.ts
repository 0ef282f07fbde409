import type { KubeError } from '../../kube/errors.ts';
import { kubectl } from '../../resources/shell-words.ts';

/** The API server's verbs in everyday words. */
const VERBS: Readonly<Record<string, string>> = {
  get: 'read',
  list: 'list',
  watch: 'watch',
  patch: 'change',
  apply: 'change',
  create: 'create',
};

/** What the API server refused, and the remedy, in one line, for the person who ran the command. */
export function describeApiError(error: KubeError): string {
  const { status, verb, resource, namespace, objectName } = error;
  if (status === 403) return `you are not allowed to ${describeRequest(error)}: ${describeRemedy(error)}`;
  if (status === 401) {
    return 'the API server does not accept your credentials: log in again, or choose another --context';
  }
  if (status === 404) {
    const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
    return objectName === undefined
      ? `the API server does not know ${resource}: their CRD is not installed, or has another scope`
      : `there is no ${objectName} among the ${resource}${where}`;
  }
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

function describeRemedy({ verb, resource, namespace, objectName }: KubeError): string {
  const word = verb === 'apply' ? 'patch' : verb;
  const inAll = objectName === undefined ? ['-A'] : [];
  const where = namespace === undefined ? inAll : ['-n', namespace];
  const owner =
    namespace === undefined ? 'an administrator of the cluster' : `an administrator of ${namespace}`;
  return `ask ${owner} for the right to (${kubectl('auth', 'can-i', word, resource, ...where)})`;
}
