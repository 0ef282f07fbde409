import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Loose } from '../integration/objects.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import type { Target } from './attack.ts';

/** What the server answers. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body: Loose;
}

/** An HTTPS server on loopback in the place of an API server. It ends when it is disposed of. */
export interface ScriptedApi extends AsyncDisposable {
  /** The settings for its clients. */
  readonly access: Target['api'];
  readonly port: number;
}

/** `answer` gives the answer to each request; `path` is without the query. */
export async function startScriptedApi(
  answer: (method: string, path: string, body: Loose) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedApi> {
  const certificate = await makeDevCertificate();
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-scripted-api-'));
  const adminKubeconfig = join(folder, 'kubeconfig');
  await writeFile(adminKubeconfig, JSON.stringify({ users: [{ user: { token: 'a' } }] }));
  const respond = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = incoming;
    const asked = method === 'GET' || method === 'DELETE' ? {} : await json(incoming);
    const { status, body } = await answer(method, url.split('?')[0] ?? '', Object(asked));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = createServer(certificate, (incoming, response) => void respond(incoming, response));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = Object(server.address());
  return {
    access: { adminKubeconfig, url: `https://127.0.0.1:${port}`, ca: certificate.cert },
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
