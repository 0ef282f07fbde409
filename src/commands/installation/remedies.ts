import { kubectl } from '../../resources/shell-words.ts';

/** Both ways of installing put back what is missing or changed. */
export const INSTALL_AGAIN =
  'install this version again, with the values you use: helm upgrade, or kubectl apply --server-side --force-conflicts -k with the folder that you installed (my-cluster in docs/install.md)';
/** For the CRD, which both leave as it is or which is apart from the rest. */
export const INSTALL_CRD = 'kubectl apply --server-side --force-conflicts -k deploy/kustomize/crd';

/** The pods of all Deployments: with `separate` those that renew tokens are not those that answer reviews. */
const ALL_PODS = ['-l', 'app.kubernetes.io/part-of=jwt-injector'];

/** What its pods say. */
export function readLogs(namespace: string): string {
  return kubectl('logs', '-n', namespace, ...ALL_PODS, '--prefix', '--tail=50');
}

/** How its pods are. */
export function lookAtPods(namespace: string): string {
  return kubectl('describe', 'pods', '-n', namespace, ...ALL_PODS);
}
