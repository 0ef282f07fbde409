import { createClient } from '../../../src/kube/client.ts';
import { loadCluster } from '../../../src/kube/connection/cluster.ts';
import { stringMember, type JsonObject } from '../../../src/resources/json.ts';
import { readSecretToken } from '../../../src/resources/secret.ts';
import { systemClock } from '../../../src/time/clock.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';

/** A token that was written into a Secret. */
interface SeenToken {
  readonly signature: string;
  /** Time of the API server's report, in milliseconds since the epoch. */
  readonly at: number;
}

/** The tokens of a namespace since the start of the watch. */
export interface SeenTokens extends AsyncDisposable {
  /** Each token once, in order. */
  all(): readonly SeenToken[];
}

/** Watches the Secrets of a namespace. Tokens that exist already are left out. */
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
  const following = follow().catch(() => {}); // a test that waits for a token fails when no more come
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
