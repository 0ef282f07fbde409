import type { JsonObject } from '../resources/json.ts';
import type { PatchStep } from '../resources/json-patch.ts';
import type { KubeClient } from './client.ts';
import { findObject } from './find-object.ts';
import { resourcePath } from './resource-path.ts';
import { JWTS, SECRETS } from './known-resources.ts';
import { placeOf } from './object-identity.ts';

/** The client to write with, and who learns of what was written. */
export interface TokenStoreOptions {
  readonly client: Pick<KubeClient, 'get' | 'apply' | 'jsonPatch' | 'mergePatch'>;
  /** Called with each object as it was stored, so that a cache need not wait for the watch to echo it. */
  readonly onSecret: (secret: JsonObject, signedBy: string | undefined) => void;
  readonly onJwt: (jwt: JsonObject) => void;
}

/** Reads and writes Secrets and the status of JWTs, as the reconcile loop needs it. Throws KubeErrors. */
export function createTokenStore({ client, onSecret, onJwt }: TokenStoreOptions) {
  return {
    /** `undefined` when it does not exist. */
    readSecret: (namespace: string, name: string) =>
      findObject(client, resourcePath(SECRETS, { namespace, name })),
    /** `undefined` when it does not exist. */
    readJwt: (namespace: string, name: string) => findObject(client, resourcePath(JWTS, { namespace, name })),
    applySecret: async (
      secret: JsonObject,
      { force, signedBy }: { readonly force: boolean; readonly signedBy?: string },
    ): Promise<void> => {
      onSecret(await client.apply(resourcePath(SECRETS, placeOf(secret)), secret, { force }), signedBy);
    },
    applyStatus: async (jwt: JsonObject): Promise<void> => {
      const path = resourcePath(JWTS, { ...placeOf(jwt), subresource: 'status' });
      onJwt(await client.apply(path, jwt, { force: true }));
    },
    patchSecret: async (
      namespace: string,
      name: string,
      steps: readonly PatchStep[],
    ): Promise<JsonObject> => {
      const patched = await client.jsonPatch(resourcePath(SECRETS, { namespace, name }), steps);
      onSecret(patched, undefined);
      return patched;
    },
    patchJwt: async (namespace: string, name: string, patch: JsonObject): Promise<void> => {
      onJwt(await client.mergePatch(resourcePath(JWTS, { namespace, name }), patch));
    },
  };
}
