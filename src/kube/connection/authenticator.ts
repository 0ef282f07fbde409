import type { KubeConfig } from '@kubernetes/client-node';

/** A way to authenticate that client-node can be taught. */
export type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];

/** The options of a request, to which it adds a header or a client certificate. */
export type AuthenticatedOptions = Parameters<Authenticator['applyAuthentication']>[1];

/** Adds the header of a bearer token. */
export function addToken(options: AuthenticatedOptions, token: string): void {
  Object.assign(options, { headers: { ...options.headers, Authorization: `Bearer ${token}` } });
}
