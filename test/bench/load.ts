import { Agent, request } from 'node:https';

export interface Load {
  readonly port: number;
  readonly ca: string;
  readonly path: string;
  readonly body: string;
  readonly connections: number;
}

/** Keep-alive connections that stay open from one burst of requests to the next. */
export interface Lanes {
  /**
   * Sends `requests` requests, one after the other on each connection. Returns all latencies in milliseconds.
   */
  send(requests: number): Promise<readonly number[]>;
  close(): void;
}

/**
 * Opens connections with TLS 1.3. Throws at any answer except a 200 with a patch: a refusal would cost less.
 */
export function openLanes(load: Load): Lanes {
  const agents = Array.from(
    { length: load.connections },
    () => new Agent({ keepAlive: true, maxSockets: 1, ca: load.ca, minVersion: 'TLSv1.3' }),
  );
  return {
    send: async (requests) => {
      const latencies: number[] = [];
      let left = requests;
      const fill = async (agent: Agent): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const sentAt = performance.now();
          await sendOne(load, agent);
          latencies.push(performance.now() - sentAt);
        }
      };
      await Promise.all(agents.map(fill));
      return latencies;
    },
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

/** Sends `requests` requests over new connections. Returns all latencies in milliseconds. */
export async function sendLoad(load: Load & { readonly requests: number }): Promise<readonly number[]> {
  const lanes = openLanes(load);
  const latencies = await lanes.send(load.requests);
  lanes.close();
  return latencies;
}

/** Sends one review; gives the text of the answer. */
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
          if (response.statusCode === 200 && text.includes('"patchType"')) resolve(text);
          else reject(new Error(`${response.statusCode}: ${text.slice(0, 200)}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
