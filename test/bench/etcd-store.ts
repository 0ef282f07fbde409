import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { FILES } from '../controlplane/component-args.ts';

/** An object as kube-apiserver would have stored it, but always in JSON: kube-apiserver reads it, too. */
export interface Stored {
  /** Path below `/registry/`. */
  readonly path: string;
  readonly object: unknown;
}

/** etcd allows 128 operations in a transaction (`--max-txn-ops`). */
const BATCH = 100;
const LANES = 4;

/**
 * Writes objects directly into etcd; the API server gets them by its watch. A hundred thousand take a minute
 * instead of a quarter of an hour. `folder` is the folder of the control plane.
 */
export async function putIntoEtcd(folder: string, objects: AsyncIterable<Stored>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  const socketPath = join(folder, FILES.etcdSocket);
  const running = new Set<Promise<void>>();
  let batch: Stored[] = [];
  const send = async (): Promise<void> => {
    const sending = putBatch(socketPath, agent, batch).finally(() => running.delete(sending));
    batch = [];
    running.add(sending);
    if (running.size === LANES) await Promise.race(running);
  };
  for await (const stored of objects) {
    batch.push(stored);
    if (batch.length === BATCH) await send();
  }
  if (batch.length > 0) await send();
  await Promise.all(running);
  agent.destroy();
}

/** Uses etcd's JSON gateway (`/v3/kv/txn`), where keys and values are base64. */
async function putBatch(socketPath: string, agent: Agent, batch: readonly Stored[]): Promise<void> {
  const success = batch.map(({ path, object }) => ({
    requestPut: { key: encode(`/registry/${path}`), value: encode(JSON.stringify(object)) },
  }));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const asking = request({ socketPath, agent, method: 'POST', path: '/v3/kv/txn' });
  asking.on('error', reject);
  asking.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    response.on('end', () => {
      if (response.statusCode === 200) resolve();
      else reject(new Error(`etcd answered ${response.statusCode}: ${text.slice(0, 300)}`));
    });
  });
  asking.end(JSON.stringify({ success }));
  return promise;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
