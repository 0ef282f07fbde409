import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../../src/commands/command.ts';
import { parseResourcePath } from '../../src/kube/resource-path.ts';
import type { Loose } from '../integration/objects.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import { answer, refuse, startBadServer, type SeenRequest } from '../kube/bad-server.ts';
import { runCommand, withoutKubeconfig, type CommandResult } from './captured-io.ts';

/** Answers a request, or gives `undefined` to leave it to the API server. */
export type Interference = (request: SeenRequest, response: ServerResponse) => 'answered' | undefined;

/**
 * The part of an API server that commands need: objects by path, with resourceVersions, that can be read,
 * listed, created and patched.
 */
export interface StoredApi extends AsyncDisposable {
  /** The objects, by their paths. */
  readonly objects: Map<string, Loose>;
  readonly requests: readonly SeenRequest[];
  /** Called first, for every request. */
  interfere: Interference;
  /** What a controller would change after each change of an object. */
  follow: (object: Loose) => void;
  /** Does what the request asks, without an answer. */
  readonly store: (request: SeenRequest) => void;
  readonly url: string;
  /** Path of a kubeconfig for it. */
  readonly kubeconfig: string;
  /** Runs a command. Printed commands have no kubeconfig. */
  readonly run: (command: Command, ...args: readonly string[]) => Promise<CommandResult>;
}

export async function startStoredApi(): Promise<StoredApi> {
  const objects = new Map<string, Loose>();
  let version = 100;
  const save = (path: string, object: Loose): Loose => {
    version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } };
    api.follow(stored);
    objects.set(path, stored);
    return stored;
  };
  /** `undefined`: the request conflicts with the stored object. */
  const change = ({ method, path, body }: SeenRequest): Loose => {
    const sent = JSON.parse(body);
    const place = method === 'POST' ? `${path}/${sent.metadata.name}` : path;
    const present = objects.get(place);
    if (method === 'POST') return present === undefined ? save(place, sent) : undefined;
    const expected = sent.metadata?.resourceVersion ?? present.metadata.resourceVersion;
    return expected === present.metadata.resourceVersion ? save(place, merge(present, sent)) : undefined;
  };
  const respond = (request: SeenRequest, response: ServerResponse): void => {
    const { method, path } = request;
    if (api.interfere(request, response) === 'answered') return;
    const found = objects.get(path);
    if (method !== 'GET') {
      const changed = change(request);
      if (changed === undefined) refuse(response, 409, 'Conflict');
      else answer(response, 200, changed);
    } else if (found !== undefined) answer(response, 200, found);
    else if (parseResourcePath(path).name !== undefined) refuse(response, 404, 'NotFound');
    else answer(response, 200, { metadata: { resourceVersion: `${version}` }, items: listAt(objects, path) });
  };
  const authority = await createCertificateAuthority('API server test');
  const { certificate: cert, key } = await authority.issue(['localhost'], ['127.0.0.1']);
  const server = await startBadServer(respond, { cert, key });
  const folder = await mkdtemp(join(tmpdir(), 'jwt-stored-api-'));
  const kubeconfig = await writeKubeconfig(join(folder, 'config'), {
    url: server.url,
    ca: authority.certificate,
    user: 'somebody',
    token: 'x',
  });
  const api: StoredApi = {
    objects,
    requests: server.requests,
    interfere: () => undefined,
    follow: () => {},
    store: change,
    url: server.url,
    kubeconfig,
    run: async (command, ...args) => {
      const { code, out, err } = await runCommand(command, [...args, '--kubeconfig', kubeconfig]);
      return { code, out: withoutKubeconfig(out, kubeconfig), err: withoutKubeconfig(err, kubeconfig) };
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
  return api;
}

/** The objects of a collection, of one namespace or of all. */
function listAt(objects: StoredApi['objects'], path: string): readonly Loose[] {
  const plural = path.split('/').at(-1);
  const parent = path.slice(0, -`/${plural}`.length);
  return [...objects]
    .filter(([key]) => key.startsWith(parent) && key.split('/').at(-2) === plural)
    .map(([, object]) => object);
}

/** A merge patch, RFC 7386 §2. */
function merge(target: Loose, patch: Loose): Loose {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: Loose =
    target !== null && typeof target === 'object' && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merge(result[name], value);
  }
  return result;
}
