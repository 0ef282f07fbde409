/**
 * `namespace/name`, or `name` of what has no namespace: the key of an object in caches and queues. Neither part can hold
 * a slash (Kubernetes API, DNS-1123). Joined, not concatenated: V8 keeps what was concatenated as a tree of its parts,
 * which takes twice the memory for as long as the key lives.
 */
export function objectKey({
  namespace,
  name,
}: {
  readonly namespace: string;
  readonly name: string;
}): string {
  return namespace === '' ? name : [namespace, name].join('/');
}
