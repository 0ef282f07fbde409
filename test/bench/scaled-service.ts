import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { inParallel, openBareClient, type BareClient } from './bare-client.ts';
import { makeKeyedNamespace, type FieldOwners, type KeyedNamespace } from './healthy-jwts.ts';
import { liveHeapOf } from './live-heap.ts';
import { isSigned, reaches, timeOf, type LogLine } from './log-lines.ts';
import { createMany, placeOf, WIDTH, writeKey } from './many-jwts.ts';
import { startMeasured, type MeasuredOptions, type MeasuredService } from './measured-service.ts';

/** If it takes longer, it has failed. */
export const WITHIN_MS = 600_000;
/** A hundred thousand tokens take a quarter of an hour. */
const RESIGNED_WITHIN_MS = 2 * 3_600_000;
/** A share of one core over some seconds: below it, the service counts as idle. */
const IDLE_SHARE = 0.03;
const IDLE_FOR_MS = 3_000;
const MERGE = 'application/merge-patch+json';

/** Namespaces for very many healthy JWTs that are written directly into etcd, and a client for them. */
export interface Scale {
  readonly bare: BareClient;
  /** `scale-0`, `scale-1`, …, each with a key. */
  readonly namespaces: readonly KeyedNamespace[];
  readonly owners: FieldOwners;
}

/** Creates `count` namespaces. The caller closes the client. */
export async function openScale(stage: Stage, count: number): Promise<Scale> {
  const bare = await openBareClient(stage.cluster.adminKubeconfig, WIDTH);
  const namespaces = await makeKeyedNamespaces(bare, count);
  return { bare, namespaces, owners: await learnFieldOwners(stage, bare) };
}

async function makeKeyedNamespaces(bare: BareClient, count: number): Promise<readonly KeyedNamespace[]> {
  const namespaces: KeyedNamespace[] = [];
  await inParallel(count, WIDTH, async (index) => {
    namespaces[index] = await makeKeyedNamespace(bare, `scale-${index}`);
  });
  return namespaces;
}

/** What a service must have read before its heap is measured. */
interface HeapOptions {
  /** The minimum number of JWTs. */
  readonly jwts: number;
  readonly args?: readonly string[];
  /** Waits for other things that depend on its flags. */
  readonly waitForMore?: (service: MeasuredService) => Promise<unknown>;
}

/** Live heap of an idle service. Bytes. */
export async function measureHeap(
  stage: Stage,
  name: string,
  { jwts, args = [], waitForMore = () => Promise.resolve() }: HeapOptions,
): Promise<number> {
  const service = await start(stage, name, { args, nodeFlags: ['--inspect=127.0.0.1:0'] });
  await settle(service, jwts);
  await waitForMore(service);
  await waitUntilIdle(service);
  const live = await liveHeapOf(service);
  await service.stop();
  return live;
}

/**
 * Changes one object of each resource before each list. An API server answers the pages of a list from memory
 * only if the resource has changed since etcd was compacted, which happens every five minutes; otherwise it
 * reads each page from etcd, which takes five times as long. With so many JWTs, one is renewed each second in
 * practice; here nothing else changes.
 */
export async function changeSomething(bare: BareClient, inNamespace = 'scale-0'): Promise<void> {
  const { namespace, name } = placeOf(0, [inNamespace]);
  const path = `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`;
  const annotations = { changed: String(Date.now()) };
  await bare.send('PATCH', path, JSON.stringify({ metadata: { annotations } }), MERGE);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 'changed-' } };
  await bare.send('POST', '/api/v1/namespaces/default/secrets', JSON.stringify(secret));
}

/**
 * Creates one JWT and lets it be signed, to learn which fields the API server records for which manager. Then
 * deletes it.
 */
async function learnFieldOwners(stage: Stage, bare: BareClient): Promise<FieldOwners> {
  const namespace = 'scale-sample';
  await createMany(bare, { namespaces: [namespace], count: 1 });
  const service = await start(stage, 'sample');
  await settle(service, 1);
  await service.stop();
  const { name } = placeOf(0, [namespace]);
  const read = async (path: string) => JSON.parse(await bare.send('GET', path)).metadata;
  const jwt = await read(`/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`);
  const secret = await read(`/api/v1/namespaces/${namespace}/secrets/${name}`);
  await bare.send('DELETE', `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`);
  return { jwt: jwt.managedFields, secret: secret.managedFields, uid: jwt.uid };
}

/**
 * Waits until the API server has read all objects into its watch caches, which takes minutes; etcd stored
 * them in one.
 */
export async function waitForCaches(
  bare: BareClient,
  paths: readonly string[] = ['/apis/tokens.osg-htc.org/v1/jwts?limit=1', '/api/v1/secrets?limit=1'],
): Promise<void> {
  for (const path of paths) {
    await waitUntil('the watch caches of the API server', WITHIN_MS, () =>
      bare.send('GET', path).catch(() => undefined),
    );
  }
}

/** Starts the compiled service, including the webhook. */
export function start(
  stage: Stage,
  name: string,
  { args = [], ...more }: Partial<Pick<MeasuredOptions, 'args' | 'nodeFlags'>> = {},
): Promise<MeasuredService> {
  return startMeasured({
    args: [...stage.serviceArgs, `--webhook-address=127.0.0.1:${stage.webhookPort}`, ...args],
    logFile: join(stage.cluster.folder, `${name}.log`),
    cluster: stage.cluster,
    ...more,
  });
}

/**
 * Waits until it has checked every JWT. Throws if it found fewer than exist: objects that are not found cost
 * nothing.
 */
export async function settle(service: MeasuredService, least: number): Promise<void> {
  const { jwts } = await service.waitForLog(({ msg }) => msg === 'every JWT was looked at', WITHIN_MS);
  if (Number(jwts) < least) throw new Error(`the service looked at ${String(jwts)} of ${least} JWTs`);
}

/**
 * Replaces the keys of `namespaces` namespaces. Returns the milliseconds until all of their `jwts` JWTs are
 * signed with them.
 */
export async function resign(
  service: MeasuredService,
  bare: BareClient,
  { namespaces, jwts }: { readonly namespaces: number; readonly jwts: number },
): Promise<number> {
  const begin = Date.now();
  for (let index = 0; index < namespaces; index += 1) await writeKey(bare, `scale-${index}`);
  const isResigned = (line: LogLine): boolean => isSigned(line, 'KeyChanged');
  return timeOf(await service.waitForLog(reaches(jwts, isResigned), RESIGNED_WITHIN_MS)) - begin;
}

/**
 * Signatures that the status vouches for are checked after the rounds; until then the texts of the tokens
 * stay in memory.
 */
export async function waitUntilIdle(service: MeasuredService): Promise<void> {
  await waitUntil('an idle service', WITHIN_MS, async () => {
    const before = service.cpuSeconds();
    await sleep(IDLE_FOR_MS);
    return service.cpuSeconds() - before < (IDLE_FOR_MS / 1_000) * IDLE_SHARE || undefined;
  });
}
