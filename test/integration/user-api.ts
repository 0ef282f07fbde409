import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { createApiAgent, unquoteWarning } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Loose } from './objects.ts';

/** The API server's answer: the object or the Status, and the warnings. */
export interface Answer {
  readonly status: number;
  readonly body: Loose;
  readonly warnings: readonly string[];
  /** `auditID` of its event in the audit log. */
  readonly auditId: string;
}

/**
 * The API as kubectl uses it, without the 80 ms of a process. Unlike KubeClient it keeps the whole answer.
 */
export interface UserApi {
  /** Sends `body` as JSON; a PATCH is a merge patch. Resolves for any status. Rejects when `signal` aborts. */
  ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer>;
  /** As `ask`, but gives the text. */
  read(path: string): Promise<string>;
  close(): void;
}

/** With the rights of the cluster's administrator. */
export async function openUserApi(
  cluster: Pick<Cluster, 'adminKubeconfig' | 'url' | 'ca'>,
): Promise<UserApi> {
  const kubeconfig: Loose = parse(await readFile(cluster.adminKubeconfig, 'utf8'));
  const authorization = `Bearer ${kubeconfig.users[0].user.token}`;
  const agent = createApiAgent(cluster.ca);
  const send = async (method: string, path: string, body?: unknown, signal?: AbortSignal) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': type }) };
    const asking = request(new URL(path, cluster.url), { agent, method, headers, signal });
    asking.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(asking, 'response');
    return { response, text: await text(response) };
  };
  return {
    ask: async (method, path, body, signal) => {
      const { response, text: answer } = await send(method, path, body, signal);
      const warnings: readonly string[] = response.headersDistinct.warning ?? [];
      return {
        status: response.statusCode,
        body: JSON.parse(answer),
        warnings: warnings.map(unquoteWarning),
        auditId: response.headers['audit-id'],
      };
    },
    read: async (path) => (await send('GET', path)).text,
    close: () => agent.destroy(),
  };
}
