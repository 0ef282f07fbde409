import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

/** A client that only sends requests: it shows how long the API server takes for the same verbs and bytes. */
export interface BareClient {
  send(method: string, path: string, body?: string, contentType?: string): Promise<string>;
  close(): void;
}

/** The API server closes idle connections after 90 s. */
const IDLE_MS = 60_000;
const APPLY = 'application/apply-patch+yaml';

export async function openBareClient(kubeconfig: string, connections: number): Promise<BareClient> {
  const config: unknown = parse(await readFile(kubeconfig, 'utf8'));
  const { server, ca, token } = readAccess(config);
  const agent = new Agent({ ca, keepAlive: true, maxSockets: connections, timeout: IDLE_MS });
  const headers = { authorization: `Bearer ${token}` };
  return {
    close: () => agent.destroy(),
    send: (method, path, body, contentType = 'application/json') =>
      new Promise((resolve, reject) => {
        const length =
          body === undefined
            ? {}
            : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
        const outgoing = request(
          `${server}${path}`,
          { method, agent, headers: { ...headers, ...length } },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () => {
              const text = Buffer.concat(chunks).toString();
              if ((response.statusCode ?? 0) < 300) resolve(text);
              else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
            });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
  };
}

/** Server-side apply with the field manager of the service. */
export function applyBare(client: BareClient, path: string, object: unknown): Promise<string> {
  return client.send('PATCH', `${path}?fieldManager=jwt-injector&force=true`, JSON.stringify(object), APPLY);
}

/** Calls `work` for each index, `width` at the same time. */
export async function inParallel(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

function readAccess(config: unknown): { server: string; ca: string; token: string } {
  const { clusters, users } = config as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
    users: { user: { token: string } }[];
  };
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  if (cluster === undefined || user === undefined)
    throw new Error('the kubeconfig has no cluster or no user');
  return {
    server: cluster.server,
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
    token: user.token,
  };
}
