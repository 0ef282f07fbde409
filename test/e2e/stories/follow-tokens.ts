import { createClient } from '../../../src/kube/client.ts';
import { loadCluster } from '../../../src/kube/cluster.ts';
import { stringMember, type JsonObject } from '../../../src/resources/json.ts';
import { readSecretToken } from '../../../src/resources/secret.ts';
import { systemClock } from '../../../src/time/clock.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';

/** A token that came into a Secret. */
interface SeenToken {
  readonly signature: string;
  /** When the API server reported it, in milliseconds since the epoch. */
  readonly at: number;
}

/** The tokens of a namespace, from the beginning of the watch on. */
export interface SeenTokens extends AsyncDisposable {
  /** Each once, in the order in which they came. */
  all(): readonly SeenToken[];
}

/** Watches the Secrets of a namespace. Those that are there already do not count. */
export async function followTokens(
  { adminKubeconfig }: Pick<ControlPlane, 'adminKubeconfig'>,
  namespace: string,
): Promise<SeenTokens> {
  const loaded = loadCluster({ kubeconfig: adminKubeconfig });
  if (!loaded.ok) throw new Error(loaded.problem);
  const client = createClient(loaded.value, { clock: systemClock, version: 'test' });
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  const present = await client.list(path);
  const seen = new Map<string, number>();
  const old = new Set(present.items.map(signatureOf));
  const stopping = new AbortController();
  const follow = async (): Promise<void> => {
    const query = { resourceVersion: present.resourceVersion };
    for await (const { object } of client.watch(path, { query }, stopping.signal)) {
      const signature = signatureOf(object);
      if (signature !== undefined && !old.has(signature) && !seen.has(signature))
        seen.set(signature, Date.now());
    }
  };
  const following = follow().catch(() => {}); // who waits for a token notices that none comes any more
  return {
    all: () => [...seen].map(([signature, at]) => ({ signature, at })),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await following;
      await client.close();
    },
  };
}

function signatureOf(secret: JsonObject): string | undefined {
  return stringMember(secret, 'kind') === 'Status' ? undefined : readSecretToken(secret)?.split('.').at(-1);
}
