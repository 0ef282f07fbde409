import { Agent, request } from 'node:https';

export interface Load {
  readonly port: number;
  readonly ca: string;
  readonly path: string;
  readonly body: string;
  readonly connections: number;
  readonly requests: number;
}

/** Latencies of all requests in milliseconds, and how long the whole took. */
export interface LoadResult {
  readonly latencies: readonly number[];
  readonly elapsedMs: number;
}

/** Sends requests over TLS 1.3 keep-alive connections, one after the other on each. Throws on any answer but a 200. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let left = load.requests;
  const startedAt = performance.now();
  const lane = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: load.ca, minVersion: 'TLSv1.3' });
    while (left > 0) {
      left -= 1;
      const sentAt = performance.now();
      await sendOne(load, agent);
      latencies.push(performance.now() - sentAt);
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: load.connections }, lane));
  return { latencies, elapsedMs: performance.now() - startedAt };
}

/** One review; gives the answer's text. */
export function sendOne(
  { port, ca, path, body }: Pick<Load, 'port' | 'ca' | 'path' | 'body'>,
  agent: Agent | false = false,
): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method: 'POST', agent, ca, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${response.statusCode}: ${text.slice(0, 200)}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
