import type { JwtApi } from '../cluster/discover.ts';

/** The JWTs that are checked. */
export interface JwtScope {
  /** The namespace of all of them; they may be of several without it. */
  readonly namespace?: string;
  /** The words to follow "JWTs". */
  readonly words: string;
}

/**
 * JWTs of the namespace, or of all. With the Cluster-scoped CRD of an old token-manager they have none: then these are all
 * that there are.
 * @param api `undefined` where there is no JWT resource.
 */
export function jwtScope(api: JwtApi | undefined, everywhere: boolean, namespace: string): JwtScope {
  if (api?.namespaced === false) return { words: 'in the cluster' };
  return everywhere ? { words: 'in all namespaces' } : { namespace, words: `in namespace ${namespace}` };
}
