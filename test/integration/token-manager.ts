import { randomUUID, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { isConflict, isNotFound, isTransient } from '../../src/kube/errors.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Loose } from './objects.ts';

export const FINALIZER = 'kopf.zalando.org/KopfFinalizerMarker';
const HANDLED = 'kopf.zalando.org/last-handled-configuration';
const SIGNED_AT = 'tokens.osg-htc.org/last-signing-time';
const POLL_MS = 100;

/**
 * A program of the test that does token-manager's work in one namespace, as far as it is visible in the API.
 */
export interface TokenManager {
  /** Number of signatures by name of the JWT. */
  readonly signatures: ReadonlyMap<string, number>;
  /** Names of deleted JWTs whose finalizer it removed. */
  readonly released: ReadonlySet<string>;
  stop(): Promise<void>;
}

/**
 * Does what token-manager and its framework kopf do to JWTs and Secrets. kopf adds its finalizer to every JWT
 * and stores the last handled state in an annotation. A JWT without that annotation counts as created; one
 * whose spec, labels or annotations differ from it counts as updated; for both the handler signs. The
 * finalizer of a JWT that is being deleted is removed. `sign` replaces the whole Secret (PUT, or POST if it
 * does not exist).
 */
export function startTokenManager(client: KubeClient, namespace: string, key: KeyObject): TokenManager {
  const signatures = new Map<string, number>();
  const released = new Set<string>();
  const stopping = new AbortController();
  const jwtPath = (name: string): string =>
    `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`;

  const handle = async (jwt: Loose): Promise<void> => {
    const { name, annotations = {}, finalizers = [], deletionTimestamp, resourceVersion } = jwt.metadata;
    const patch = (metadata: object) =>
      client.mergePatch(jwtPath(name), { metadata: { resourceVersion, ...metadata } });
    if (deletionTimestamp !== undefined) {
      if (!finalizers.includes(FINALIZER)) return;
      await patch({ finalizers: finalizers.filter((finalizer: string) => finalizer !== FINALIZER) });
      released.add(name);
    } else if (!finalizers.includes(FINALIZER)) {
      await patch({ finalizers: [...finalizers, FINALIZER] });
    } else {
      const essence = essenceOf(jwt);
      if (annotations[HANDLED] === essence) return;
      await writeSecret(client, namespace, jwt, await signAsBefore(jwt, key));
      signatures.set(name, (signatures.get(name) ?? 0) + 1);
      await patch({ annotations: { [HANDLED]: essence } });
    }
  };
  const look = async (): Promise<void> => {
    const { items } = await client.list(jwtPath(''));
    for (const jwt of items) await handle(jwt).catch(tryAgain);
  };
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch(tryAgain);
      await sleep(POLL_MS);
    }
  };
  const running = work();
  running.catch(() => {}); // `stop` throws it
  return {
    signatures,
    released,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** kopf's diffbase: the labels, the annotations except for its own, and the spec, but not the status. */
function essenceOf({ metadata, spec }: Loose): string {
  const { labels = {}, annotations = {} } = metadata;
  const others = Object.entries(annotations).filter(([name]) => !name.startsWith('kopf.zalando.org/'));
  return JSON.stringify({ spec, metadata: { labels, annotations: Object.fromEntries(others) } });
}

function signAsBefore({ spec }: Loose, key: KeyObject): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ ...spec.data })
    .setProtectedHeader({ alg: spec.algorithm, kid: spec.keyId, typ: 'JWT' })
    .setExpirationTime(now + 86_400)
    .setNotBefore(now - 60)
    .setIssuedAt(now)
    .setJti(randomUUID())
    .sign(key);
}

async function writeSecret(client: KubeClient, namespace: string, jwt: Loose, token: string): Promise<void> {
  const { name, uid, labels = {} } = jwt.metadata;
  const owner = {
    apiVersion: jwt.apiVersion,
    kind: 'JWT',
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  const metadata = {
    name,
    namespace,
    labels,
    annotations: { [SIGNED_AT]: String(Date.now() / 1000) },
    ownerReferences: [owner],
  };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token } };
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  const options = { query: { fieldManager: 'OpenAPI-Generator' } };
  try {
    await client.get(`${path}/${name}`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await client.create(path, secret, options);
    return;
  }
  // A PUT without resourceVersion, as a JSON patch of the whole object.
  await client.jsonPatch(
    `${path}/${name}`,
    [
      { op: 'add', path: '/data', value: { token: Buffer.from(token).toString('base64') } },
      { op: 'add', path: '/metadata/annotations', value: metadata.annotations },
      { op: 'add', path: '/metadata/labels', value: labels },
    ],
    options,
  );
}

/** As kopf does, also when a busy API server gives no answer in time. */
function tryAgain(error: unknown): void {
  if (!isConflict(error) && !isNotFound(error) && !isTransient(error)) throw error;
}
