import { NAMESPACE_DEFAULT_LABEL } from '../resources/names.ts';
import { readNamespaceDefault, type NamespaceDefault } from '../resources/namespace-default.ts';
import { Cache } from './cache.ts';
import { METADATA_ONLY, type KubeClient } from './client.ts';
import { describeForLog, isNotFound } from './errors.ts';
import { startListWatch } from './list-watch.ts';
import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import type { Log } from './log.ts';
import { resourcePath, type Resource } from './resource-path.ts';

/** The core API's Namespaces; they have no namespace themselves. */
export const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces' };

/** The dependencies of watching the labels of Namespaces. */
export interface NamespaceDefaultsOptions {
  readonly client: Pick<KubeClient, 'get' | 'listMapped' | 'watch'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The values of our label on Namespaces. */
export interface NamespaceDefaults {
  /**
   * The namespace's value. At once when the cache has one; otherwise the API server is asked, once for all who wait: a label
   * set a moment ago counts. The log says why it is not known. Never rejects.
   */
  readonly lookUp: (namespace: string) => Promise<NamespaceDefault>;
  /** All labels were seen once. */
  readonly isSynced: () => boolean;
  /** When the watch last received something, since the epoch; `undefined`: never. */
  readonly lastEventAt: () => Milliseconds | undefined;
  readonly stop: () => Promise<void>;
}

/** Watches the namespaces that carry our label; of the others nothing is kept. */
export function startNamespaceDefaults({ client, clock, log }: NamespaceDefaultsOptions): NamespaceDefaults {
  const labels = new Cache<string>();
  const watch = startListWatch({
    client,
    clock,
    log,
    path: resourcePath(NAMESPACES),
    query: { labelSelector: NAMESPACE_DEFAULT_LABEL },
    metadataOnly: true,
    transform: readNamespaceDefault,
    store: labels,
  });
  const asked = new Map<string, Promise<NamespaceDefault>>();

  const ask = async (namespace: string): Promise<NamespaceDefault> => {
    try {
      const path = resourcePath(NAMESPACES, { name: namespace });
      const object = await client.get(path, { accept: METADATA_ONLY });
      return { known: true, token: readNamespaceDefault(object) };
    } catch (error) {
      if (isNotFound(error)) return { known: true, token: undefined }; // the API server will refuse the pod itself
      const { reason } = describeForLog(error);
      log.warn({ namespace, reason }, 'the default of a namespace could not be read');
      return { known: false };
    }
  };
  return {
    lookUp: async (namespace) => {
      const token = labels.get(namespace);
      if (token !== undefined) return { known: true, token };
      const pending = asked.get(namespace) ?? ask(namespace).finally(() => asked.delete(namespace));
      asked.set(namespace, pending);
      return pending;
    },
    isSynced: watch.isSynced,
    lastEventAt: watch.lastEventAt,
    stop: watch.stop,
  };
}
