import { createTokenStore, type TokenStoreOptions } from '../kube/token-store.ts';
import type { Store } from '../loop/act.ts';
import { objectMember, type JsonObject } from '../resources/json.ts';
import { MANAGED_LABEL } from '../resources/names.ts';
import type { Caches } from './caches.ts';
import { identify } from '../kube/object-identity.ts';

/** A store for the loop, and for the sources of what it observes. */
export interface RememberingStore extends Store {
  /** `undefined` when it does not exist. */
  readJwt(namespace: string, name: string): Promise<JsonObject | undefined>;
}

/** A store that puts what it wrote into the caches at once, as the API server answered: the watch reports it later. */
export function createRememberingStore(
  client: TokenStoreOptions['client'],
  { jwts, labelled, unlabelled }: Caches,
): RememberingStore {
  return createTokenStore({
    client,
    onSecret: (secret, signedBy) => {
      const { key, resourceVersion } = identify(secret);
      if (hasOurLabel(secret)) {
        labelled.cache.remember(key, resourceVersion, labelled.parse(secret, signedBy));
        return;
      }
      // An admission plugin took it off: the watch of our label will never report this Secret.
      unlabelled.cache.remember(key, resourceVersion, unlabelled.parse(secret));
    },
    onJwt: (object) => {
      const { key, resourceVersion } = identify(object);
      const jwt = jwts.parse(object);
      if (jwt !== undefined) jwts.cache.remember(key, resourceVersion, jwt);
    },
  });
}

function hasOurLabel(secret: JsonObject): boolean {
  const labels = objectMember(objectMember(secret, 'metadata'), 'labels');
  return labels?.[MANAGED_LABEL] === 'true';
}
