/** An object that is changed or deleted for a while, and the check that must report it. */
export interface Planted {
  readonly fault: string;
  /** Its path at the API server. */
  readonly object: string;
  /** A JSON patch; without one the object is deleted. */
  readonly patch?: readonly object[];
  readonly check: string;
  readonly says: RegExp;
}

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
export const MUTATING = `${ADMISSION}/mutatingwebhookconfigurations/jwt-injector`;
const SERVICE = '/api/v1/namespaces/jwt-injector/services/jwt-injector';

export const PLANTED: readonly Planted[] = [
  {
    fault: 'no mutating configuration',
    object: MUTATING,
    check: 'pod-webhooks',
    says: /no pod gets its token/,
  },
  {
    fault: 'no validating configuration',
    object: `${ADMISSION}/validatingwebhookconfigurations/jwt-injector`,
    check: 'jwt-webhook',
    says: /there is no ValidatingWebhookConfiguration/,
  },
  {
    fault: 'an entry that is missing',
    object: MUTATING,
    patch: [{ op: 'remove', path: '/webhooks/3' }],
    check: 'pod-webhooks',
    says: /workloads\.\S+ is missing/,
  },
  {
    fault: 'failurePolicy Ignore',
    object: MUTATING,
    patch: [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
    check: 'pod-webhooks',
    says: /failurePolicy is Ignore/,
  },
  {
    fault: 'a caBundle that is empty',
    object: MUTATING,
    patch: [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }],
    check: 'ca-bundle',
    says: /pods\.\S+ is empty/,
  },
  {
    fault: 'another path',
    object: MUTATING,
    patch: [{ op: 'replace', path: '/webhooks/1/clientConfig/url', value: 'https://127.0.0.1:1/mutate' }],
    check: 'pod-webhooks',
    says: /the path \/mutate, and not \/mutate\/pods/,
  },
  {
    fault: 'a condition that is missing',
    object: MUTATING,
    patch: [{ op: 'remove', path: '/webhooks/0/matchConditions/1' }],
    check: 'pod-webhooks',
    says: /not-opted-out is missing/,
  },
  {
    fault: 'no selector of namespaces',
    object: MUTATING,
    patch: [{ op: 'remove', path: '/webhooks/2/namespaceSelector' }],
    check: 'pod-webhooks',
    says: /does not leave out kube-system/,
  },
  { fault: 'no Service', object: SERVICE, check: 'service', says: /no Service/ },
  {
    fault: 'a Service that leads elsewhere',
    object: SERVICE,
    patch: [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 'http' }],
    check: 'service',
    says: /leads to http/,
  },
  {
    fault: 'no ClusterRoleBinding',
    object: `${RBAC}/clusterrolebindings/jwt-injector`,
    check: 'rights',
    says: /not allowed to get jwts, .*patch jwts\/status/,
  },
  {
    fault: 'no right on the Lease',
    object: `${RBAC}/namespaces/jwt-injector/rolebindings/jwt-injector`,
    check: 'rights',
    says: /create leases.*patch leases jwt-injector/,
  },
  {
    fault: 'a role that is not aggregated',
    object: `${RBAC}/clusterroles/jwt-injector-edit`,
    patch: [{ op: 'remove', path: '/metadata/labels/rbac.authorization.k8s.io~1aggregate-to-admin' }],
    check: 'edit-role',
    says: /not aggregated to admin/,
  },
];
