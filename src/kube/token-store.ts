import { isJsonObject, member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { GROUP, PLURAL, VERSION } from '../resources/names.ts';
import type { Failure } from '../reconcile/failure.ts';
import { objectKey } from '../resources/object-key.ts';
import type { KubeClient } from './client.ts';
import { isConflict, isNamespaceTerminating, isNotFound, KubeError } from './errors.ts';
import { resourcePath, type Resource } from './resource-path.ts';

/** Our own resource. */
export const JWTS: Resource = { group: GROUP, version: VERSION, plural: PLURAL };
/** The core API's Secrets. */
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets' };

/** The client to write with, and who learns of what was written. */
export interface TokenStoreOptions {
  readonly client: Pick<KubeClient, 'get' | 'apply' | 'jsonPatch' | 'mergePatch'>;
  /** Is called with each object as it was stored, so that a cache need not wait for the watch to echo it. */
  readonly onSecret: (secret: JsonObject, signedBy: string | undefined) => void;
  readonly onJwt: (jwt: JsonObject) => void;
}

/** Reads and writes Secrets and the status of JWTs, as the reconcile loop needs it. Throws KubeErrors. */
export function createTokenStore({ client, onSecret, onJwt }: TokenStoreOptions) {
  const read = async (path: string): Promise<JsonObject | undefined> => {
    try {
      return await client.get(path);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  return {
    /** `undefined` when it does not exist. */
    readSecret: (namespace: string, name: string) => read(resourcePath(SECRETS, { namespace, name })),
    /** `undefined` when it does not exist. */
    readJwt: (namespace: string, name: string) => read(resourcePath(JWTS, { namespace, name })),
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
      operations: readonly JsonObject[],
    ): Promise<JsonObject> => client.jsonPatch(resourcePath(SECRETS, { namespace, name }), operations),
    patchJwt: async (namespace: string, name: string, patch: JsonObject): Promise<void> => {
      onJwt(await client.mergePatch(resourcePath(JWTS, { namespace, name }), patch));
    },
  };
}

/** What the client threw, as the loop answers it; `undefined`: it is not the answer of an API server, but a bug. */
export function explainFailure(error: unknown): Failure | undefined {
  if (!(error instanceof KubeError)) return undefined;
  const { message, refusal, retryAfterMs } = error;
  return { meaning: meaningOf(error), message, refusal, afterMs: retryAfterMs };
}

function meaningOf(error: KubeError): Failure['meaning'] {
  if (isNamespaceTerminating(error)) return 'leaving';
  // A JSON patch whose test fails answers 422 and names no cause: the object changed meanwhile.
  const isTestFailed = error.status === 422 && error.verb === 'patch' && error.refusal?.kind === 'other';
  if (isConflict(error) || isTestFailed) return 'stale';
  return isNotFound(error) ? 'absent' : 'failed';
}

/** `namespace/name` and resourceVersion of an object, as caches keep it. */
export function identify(object: JsonObject): { readonly key: string; readonly resourceVersion: string } {
  const resourceVersion = stringMember(objectMember(object, 'metadata'), 'resourceVersion') ?? '';
  return { key: objectKey(placeOf(object)), resourceVersion };
}

function placeOf(object: JsonObject): { readonly namespace: string; readonly name: string } {
  const metadata = member(object, 'metadata');
  const found = isJsonObject(metadata) ? metadata : {};
  return { namespace: stringMember(found, 'namespace') ?? '', name: stringMember(found, 'name') ?? '' };
}
