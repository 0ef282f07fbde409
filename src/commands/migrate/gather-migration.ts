import { METADATA_ONLY } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { parseJwt } from '../../resources/jwt.ts';
import { GROUP, KIND, PLURAL } from '../../resources/names.ts';
import { objectKey } from '../../resources/object-key.ts';
import { CRDS } from '../cluster/admin-resources.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import { readSecretMetadata, type SecretSnapshot } from '../cluster/read-secret.ts';
import type { MigratingJwt, MigrationFacts } from './migration-facts.ts';
import { discover, discoverJwts } from '../cluster/discover.ts';
import { findDeployments, RELEASE } from '../token-manager/deployments.ts';
import { listKeySecrets } from './check-keys.ts';
import { jwtScope } from './jwt-scope.ts';
import { findKeyCopies, findKopfLeftovers } from '../token-manager/kopf-leftovers.ts';
import { listTargets } from './moves.ts';
import { tryList, type TriedList } from '../cluster/try-list.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** The JWTs to check, and how the service will be run. */
export interface GatherOptions {
  /** Whether to read all namespaces; else the one of the access. */
  readonly everywhere: boolean;
  readonly legacyKeyNamespace: string | undefined;
}

/** The facts, and which of them the caller is not allowed to read, in words to follow "you are not allowed to". */
interface GatheredMigration {
  readonly facts: MigrationFacts;
  readonly forbidden: readonly string[];
}

/** kopf's own, and what it was before version 1.0. */
const PEERING_GROUPS = ['kopf.dev', 'zalando.org'];
const PEERINGS: ReadonlySet<string> = new Set(['clusterkopfpeerings', 'kopfpeerings']);

/** Reads everything that the checks need; `undefined` when the cluster has no JWT resource. */
export async function gatherFacts(
  access: Access,
  options: GatherOptions,
): Promise<GatheredMigration | undefined> {
  const { client, namespace, printer } = access;
  const { everywhere, legacyKeyNamespace } = options;
  const api = await discoverJwts(client);
  if (api === undefined) return undefined;
  const scope = jwtScope(api, everywhere, namespace);
  const { items: jwts } = await client.listMapped(resourcePath(JWTS, scope), { map: readMigratingJwt });
  const known = jwts.filter((jwt) => jwt !== undefined);
  const secrets = await readSecrets(access, known, legacyKeyNamespace);
  const { items: deployments, forbidden } = await findDeployments(access);
  const peerings = await listPeerings(client, { everywhere, namespace });
  const facts: MigrationFacts = {
    api,
    jwts: known,
    secret: (place, name) => secrets.get(objectKey({ namespace: place, name })) ?? { state: 'absent' },
    deployments,
    crdInRelease: deployments.some(({ release }) => release !== undefined) && (await isCrdInRelease(client)),
    peerings: peerings.items,
    legacyKeyNamespace,
    namespace,
    printer,
  };
  const unreadable = [...secrets.values()].flatMap((secret) =>
    secret.state === 'forbidden' ? [describeRequest(secret.error)] : [],
  );
  return { facts, forbidden: [...new Set([...unreadable, ...forbidden, ...peerings.forbidden])] };
}

function readMigratingJwt(object: JsonObject): MigratingJwt | undefined {
  const jwt = parseJwt({ ...object, kind: KIND });
  if (!jwt.ok) return undefined;
  return {
    jwt: jwt.value,
    spec: object['spec'],
    kopfLeftovers: findKopfLeftovers(object),
    keyCopies: findKeyCopies(object),
  };
}

/** Helm annotates what it would delete. Without the right to read the CRD, the worst is assumed. */
async function isCrdInRelease(client: Access['client']): Promise<boolean> {
  try {
    const crd = await client.get(resourcePath(CRDS, { name: `${PLURAL}.${GROUP}` }), {
      accept: METADATA_ONLY,
    });
    return stringMember(objectMember(objectMember(crd, 'metadata'), 'annotations'), RELEASE) !== undefined;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return true;
  }
}

async function readSecrets(
  { client, printer }: Pick<Access, 'client' | 'printer'>,
  jwts: readonly MigratingJwt[],
  legacyKeyNamespace: string | undefined,
): Promise<ReadonlyMap<string, SecretSnapshot>> {
  const own = jwts.map(({ jwt }) => jwt).filter(({ namespace }) => namespace !== '');
  const targets = listTargets(
    jwts.filter(({ jwt }) => jwt.namespace !== ''),
    printer,
  );
  const wanted = [...own, ...listKeySecrets(own, legacyKeyNamespace), ...targets];
  const places = new Map(wanted.map((place) => [objectKey(place), place]));
  const found = await inParallel(
    [...places],
    async ([key, { namespace, name }]) => [key, await readSecretMetadata(client, namespace, name)] as const,
  );
  return new Map(found);
}

type Peering = MigrationFacts['peerings'][number];

async function listPeerings(
  client: Access['client'],
  place: { readonly everywhere: boolean; readonly namespace: string },
): Promise<TriedList<Peering>> {
  const found: Peering[] = [];
  const forbidden: string[] = [];
  for (const group of PEERING_GROUPS) {
    for (const entry of await discover(client, `${group}/v1`)) {
      const plural = stringMember(entry, 'name') ?? '';
      if (!PEERINGS.has(plural)) continue;
      const where = member(entry, 'namespaced') === true ? place : { everywhere: true, namespace: undefined };
      const listed = await tryList(client, { group, version: 'v1', plural }, where);
      found.push(...listed.items.map((object) => readPeering(object, `${plural}.${group}`)));
      forbidden.push(...listed.forbidden);
    }
  }
  return { items: found, forbidden };
}

function readPeering(object: JsonObject, resource: string): Peering {
  const metadata = objectMember(object, 'metadata');
  const [namespace, name = ''] = [stringMember(metadata, 'namespace'), stringMember(metadata, 'name')];
  return { resource, namespace, name };
}
