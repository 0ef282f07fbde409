/** A review of an object, all as JSON text. */
export function reviewOf(resource: string, kind: string, object: string, namespace = 'hostile'): string {
  const group = { pods: '', deployments: 'apps', jwts: 'tokens.osg-htc.org' }[resource];
  return (
    `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE",` +
    `"resource":{"group":"${group}","version":"v1","resource":"${resource}"},"kind":{"kind":"${kind}"},` +
    `"namespace":"${namespace}","name":"a","object":${object}}}`
  );
}

/** A member of `metadata` that asks for the token `a`. */
export const TOKEN = '"annotations":{"tokens.osg-htc.org/token":"a"}';

export function podReview(spec: string, metadata = TOKEN): string {
  return reviewOf('pods', 'Pod', `{"metadata":{"name":"a",${metadata}},"spec":${spec}}`);
}

/** A pod, or a Deployment of such pods, that names no token: the label of its namespace decides. */
export function undecidedReview(resource: 'pods' | 'deployments', namespace: string, more = ''): string {
  const spec = '"spec":{"containers":[{"name":"a"}]}';
  if (resource === 'pods')
    return reviewOf('pods', 'Pod', `{"metadata":{"name":"a"${more}},${spec}}`, namespace);
  const metadata = `"metadata":{"name":"a","annotations":{"tokens.osg-htc.org/env-var":"A"}${more}}`;
  return reviewOf('deployments', 'Deployment', `{${metadata},"spec":{"template":{${spec}}}}`, namespace);
}

/** `count` containers with different names, as the elements of a JSON array. */
export function containersOf(count: number): string {
  return Array.from({ length: count }, (_, number) => `{"name":"c${number}"}`).join(',');
}

const JWT_HEAD = '"issuer":"https://a","keyId":"a","algorithm":"ES256","expiryTime":{"days":1}';

/** `more` is members of the spec, as JSON text. */
export function jwtReview(more: string): string {
  return reviewOf('jwts', 'JWT', `{"kind":"JWT","metadata":{"name":"a"},"spec":{${JWT_HEAD},${more}}}`);
}
