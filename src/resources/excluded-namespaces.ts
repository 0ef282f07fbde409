/**
 * Whether a namespace is never touched, whatever the registration says: that of Kubernetes itself, and `own`, which
 * jwt-injector is installed in.
 */
export function isExcluded(namespace: string | undefined, own: string): boolean {
  return namespace === 'kube-system' || namespace === own;
}
