/** The name of an object of a kind: `namespace` is empty for a kind without namespaces. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * `namespace/name`, or `name` of what has no namespace: the key of an object in caches and queues. Neither part can hold
 * a slash (Kubernetes API, DNS-1123). Joined, not concatenated: V8 keeps what was concatenated as a tree of its parts,
 * which takes twice the memory for as long as the key lives.
 */
export function objectKey({ namespace, name }: ObjectName): string {
  return namespace === '' ? name : [namespace, name].join('/');
}

/** The namespace in a key that `objectKey` made; `''`: the object has none. */
export function namespaceOfKey(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}

/** Reads a key that `objectKey` made. */
export function parseObjectKey(key: string): ObjectName {
  return { namespace: namespaceOfKey(key), name: key.slice(key.indexOf('/') + 1) };
}
