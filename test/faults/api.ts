import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { createApiAgent } from '../controlplane/api-request.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import type { Loose } from '../integration/objects.ts';

/** A refusal of the API server, or no answer at all (`status` 0). */
export class ApiRefusal extends Error {
  readonly status: number;

  constructor(what: string, status: number, body: string) {
    super(`${what}: ${status === 0 ? 'no answer' : status} ${body.slice(0, 300)}`);
    this.status = status;
  }
}

/** One event of a watch, as it is sent. */
export interface WireEvent {
  readonly type: string;
  readonly object: Loose;
}

/**
 * The API for the cluster's administrator: a client of the test suite that shares no code with the service.
 */
export interface Api {
  get(path: string): Promise<Loose>;
  list(path: string): Promise<Loose>;
  create(path: string, body: unknown): Promise<Loose>;
  /** Like `create`, but stores nothing: a dry run. */
  rehearse(path: string, body: unknown): Promise<void>;
  /** JSON merge patch (RFC 7386), with another field manager than the service's. */
  merge(path: string, body: unknown): Promise<Loose>;
  /**
   * Deletes the object. Gives the object if its finalizers keep it, a Status with its uid in `details` if it
   * was deleted, and nothing if it did not exist.
   */
  remove(path: string, propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'): Promise<Loose>;
  /** Calls back for each event. Resolves when the connection ends, for any reason. */
  watch(
    path: string,
    resourceVersion: string,
    onEvent: (event: WireEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): void;
}

const FIELD_MANAGER = 'somebody-else';
/** Longer than the API server waits for a webhook of the stopped service. */
const DEADLINE_MS = 20_000;

/** @param onStored is called with every object that a request of this client stored. */
export async function openApi(
  cluster: Pick<ControlPlane, 'adminKubeconfig' | 'url' | 'ca'>,
  onStored: (object: Loose) => void,
): Promise<Api> {
  const kubeconfig: Loose = parse(await readFile(cluster.adminKubeconfig, 'utf8'));
  const authorization = `Bearer ${kubeconfig.users[0].user.token}`;
  const agent = createApiAgent(cluster.ca);

  const send = async (
    method: string,
    path: string,
    options: { readonly body?: unknown; readonly type?: string; readonly signal: AbortSignal },
  ): Promise<IncomingMessage> => {
    const { body, type = 'application/json', signal } = options;
    const content = body === undefined ? '' : JSON.stringify(body);
    // Node itself sets neither a length nor an encoding for the body of a DELETE.
    const about = { 'content-type': type, 'content-length': Buffer.byteLength(content) };
    const headers = { authorization, ...(body === undefined ? {} : about) };
    const asking = request(new URL(path, cluster.url), { agent, method, signal, headers });
    asking.end(content);
    const [response]: IncomingMessage[] = await once(asking, 'response');
    if (response === undefined) throw new Error('no response');
    return response;
  };
  const ask = async (method: string, path: string, body?: unknown, type?: string): Promise<Loose> => {
    const what = `${method} ${path}`;
    let answer: { readonly status: number; readonly body: string };
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const response = await send(method, path, { body, signal, ...(type === undefined ? {} : { type }) });
      answer = { status: response.statusCode ?? 0, body: await text(response) };
    } catch (error) {
      throw new ApiRefusal(what, 0, String(error));
    }
    if (answer.status > 299) throw new ApiRefusal(what, answer.status, answer.body);
    const object: Loose = JSON.parse(answer.body);
    if (method !== 'GET') onStored(object);
    return object;
  };
  const orNothing = async (asking: Promise<Loose>): Promise<Loose> => {
    try {
      return await asking;
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return undefined;
      throw error;
    }
  };
  return {
    get: (path) => orNothing(ask('GET', path)),
    list: (path) => ask('GET', path),
    create: (path, body) => ask('POST', `${path}?fieldManager=${FIELD_MANAGER}`, body),
    rehearse: async (path, body) => {
      await ask('POST', `${path}?dryRun=All`, body);
    },
    merge: (path, body) =>
      ask('PATCH', `${path}?fieldManager=${FIELD_MANAGER}`, body, 'application/merge-patch+json'),
    remove: (path, propagationPolicy) =>
      orNothing(ask('DELETE', path, propagationPolicy === undefined ? {} : { propagationPolicy })),
    watch: async (path, resourceVersion, onEvent, signal) => {
      const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
      const response = await send('GET', `${path}?${query}`, { signal });
      if (response.statusCode !== 200) {
        throw new ApiRefusal(`watch ${path}`, response.statusCode ?? 0, await text(response));
      }
      const lines = createInterface(response);
      response.on('error', () => lines.close());
      for await (const line of lines) {
        if (line !== '') onEvent(JSON.parse(line));
      }
    },
    close: () => agent.destroy(),
  };
}

const GROUP_PATHS = {
  secrets: '/api/v1',
  configmaps: '/api/v1',
  events: '/apis/events.k8s.io/v1',
  jwts: '/apis/tokens.osg-htc.org/v1',
  leases: '/apis/coordination.k8s.io/v1',
} as const;

/** Path of a collection in a namespace, or of one object in it. */
export function pathOf(plural: keyof typeof GROUP_PATHS, namespace: string, name?: string): string {
  const collection = `${GROUP_PATHS[plural]}/namespaces/${namespace}/${plural}`;
  return name === undefined ? collection : `${collection}/${name}`;
}

/** Path of a collection over all namespaces. */
export function pathOfAll(plural: keyof typeof GROUP_PATHS): string {
  return `${GROUP_PATHS[plural]}/${plural}`;
}
