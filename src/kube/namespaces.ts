import { NAMESPACE_DEFAULT_LABEL } from '../resources/names.ts';
import { readNamespaceDefault, type NamespaceDefault } from '../resources/namespace-default.ts';
import { Cache } from './watch/cache.ts';
import type { KubeClient } from './client.ts';
import { startListWatch } from './watch/list-watch.ts';
import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import type { Log } from './log.ts';
import { NAMESPACES } from './known-resources.ts';
import { NamespaceLookUps, type NamespaceAsker } from './namespace-look-ups.ts';
import { resourcePath } from './resource-path.ts';

interface NamespaceDefaultsOptions {
  readonly client: Pick<KubeClient, 'get' | 'listMapped' | 'watch'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The values of our label on Namespaces. */
interface NamespaceDefaults {
  /**
   * The namespace's value. At once when the cache has one; otherwise the API server is asked, within limits
   * (`NamespaceLookUps`): a label set a moment ago counts. The log says why it is not known. Never rejects.
   */
  readonly lookUp: (namespace: string, asker: NamespaceAsker) => Promise<NamespaceDefault>;
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
  const lookUps = new NamespaceLookUps({ client, clock, log });
  return {
    lookUp: async (namespace, asker) => {
      const token = labels.get(namespace);
      return token === undefined ? lookUps.lookUp(namespace, asker) : { known: true, token };
    },
    isSynced: watch.isSynced,
    lastEventAt: watch.lastEventAt,
    stop: async () => {
      lookUps.stop();
      await watch.stop();
    },
  };
}
