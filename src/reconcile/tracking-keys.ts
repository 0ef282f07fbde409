/**
 * Labels and annotations by which tools track what they applied, to prune what they no longer apply: kubectl's
 * ApplySets, Argo CD, Flux, Helm, Rancher Fleet, kapp, and cli-utils. On our Secret they would claim an object that those
 * tools never made.
 */
const PREFIXES: readonly string[] = [
  'applyset.kubernetes.io/',
  'argocd.argoproj.io/',
  'kustomize.toolkit.fluxcd.io/',
  'helm.toolkit.fluxcd.io/',
  'meta.helm.sh/',
  'helm.sh/',
  'objectset.rio.cattle.io/',
  'kapp.k14s.io/',
  'config.k8s.io/',
];
/** Recommended labels of Kubernetes that such tools set on what they apply; Argo CD tracks by the first by default. */
const TRACKING_LABELS: ReadonlySet<string> = new Set([
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
]);

/**
 * A tool deletes an object that carries one of these. In `secretTemplate` all others are an author's explicit wish
 * (`argocd.argoproj.io/compare-options` for example); these would have the Secret deleted again and again.
 */
const PRUNED_BY: ReadonlySet<string> = new Set([
  'applyset.kubernetes.io/part-of',
  'argocd.argoproj.io/instance',
  'argocd.argoproj.io/tracking-id',
  'kapp.k14s.io/app',
  'kapp.k14s.io/association',
  'objectset.rio.cattle.io/hash',
]);

/** Whether the label or annotation is one by which tools track what they applied: never copied from the JWT. */
export function isTrackingKey(name: string): boolean {
  return TRACKING_LABELS.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Whether a tool deletes what carries it: left out even if `secretTemplate` names it. */
export function isPruningKey(name: string): boolean {
  return PRUNED_BY.has(name);
}
