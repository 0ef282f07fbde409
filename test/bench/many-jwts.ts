import { applyBare, inParallel, type BareClient } from './bare-client.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { wireJwt } from '../fixtures/jwts.ts';

/** Number of concurrent calls: with more, etcd's throughput does not grow. */
export const WIDTH = 32;

export interface ManyOptions {
  readonly namespaces: readonly string[];
  readonly count: number;
  /** Members of `spec` for an index, which override those of the NRP page. */
  readonly spec?: (index: number) => Record<string, unknown>;
}

const API = '/apis/tokens.osg-htc.org/v1/namespaces';

/** `jwt-00042`, in the namespace for this index. */
export function placeOf(index: number, namespaces: readonly string[]): { namespace: string; name: string } {
  return {
    namespace: namespaces[index % namespaces.length] ?? '',
    name: `jwt-${String(index).padStart(5, '0')}`,
  };
}

/**
 * Creates JWTs that sign with the key Secret `the-key` of their namespace, and the namespaces and keys. Gives
 * the uids of the JWTs, by index.
 */
export async function createMany(
  client: BareClient,
  { namespaces, count, spec = () => ({}) }: ManyOptions,
): Promise<readonly string[]> {
  const uids: string[] = [];
  await inParallel(namespaces.length, WIDTH, async (index) => {
    const namespace = namespaces[index] ?? '';
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await client.send('POST', '/api/v1/namespaces', JSON.stringify(object)).catch(() => undefined); // it can exist already
    await writeKey(client, namespace);
  });
  await inParallel(count, WIDTH, async (index) => {
    const { namespace, name } = placeOf(index, namespaces);
    const {
      apiVersion,
      kind,
      spec: full,
    } = wireJwt({ key: { secret: { name: 'the-key', key: 'key.pem' } }, ...spec(index) });
    const created = await client.send(
      'POST',
      `${API}/${namespace}/jwts`,
      JSON.stringify({ apiVersion, kind, metadata: { name }, spec: full }),
    );
    uids[index] = JSON.parse(created).metadata.uid;
  });
  return uids;
}

/** Writes a new ES256 key into the Secret `the-key`. */
export async function writeKey(client: BareClient, namespace: string): Promise<void> {
  await applyBare(client, `/api/v1/namespaces/${namespace}/secrets/the-key`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'the-key' },
    stringData: { 'key.pem': toPem(makeKey('ES256')) },
  });
}

/**
 * Does the writes of signing, without signing: one Secret, which belongs to its JWT, and one status for each
 * JWT. Returns milliseconds.
 */
export async function writeBare(
  client: BareClient,
  { namespaces, uids }: { readonly namespaces: readonly string[]; readonly uids: readonly string[] },
  sample: BareSample,
): Promise<number> {
  const startedAt = performance.now();
  await inParallel(uids.length, WIDTH, async (index) => {
    const { namespace, name } = placeOf(index, namespaces);
    const ownerReferences = [{ ...sample.owner, name, uid: uids[index] }];
    const metadata = { ...sample.metadata, name, namespace, ownerReferences };
    await applyBare(client, `/api/v1/namespaces/${namespace}/secrets/${name}`, {
      ...sample.secret,
      metadata,
    });
    await applyBare(client, `${API}/${namespace}/jwts/${name}/status`, {
      apiVersion: 'tokens.osg-htc.org/v1',
      kind: 'JWT',
      metadata: { name, namespace },
      status: sample.status,
    });
  });
  return performance.now() - startedAt;
}

/** A Secret and a status as the service wrote them, to write the same number of bytes. */
export interface BareSample {
  readonly secret: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
  /** The only owner reference of the Secret. */
  readonly owner: Record<string, unknown>;
  readonly status: unknown;
}

export async function readSample(client: BareClient, namespace: string, name: string): Promise<BareSample> {
  const secret = JSON.parse(await client.send('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`));
  const jwt = JSON.parse(await client.send('GET', `${API}/${namespace}/jwts/${name}`));
  const { labels, annotations, ownerReferences } = secret.metadata;
  const [owner, ...others] = ownerReferences;
  if (owner === undefined || others.length > 0) throw new Error(`${name} does not belong to its JWT alone`);
  return {
    secret: { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: secret.data },
    metadata: { labels, annotations },
    owner,
    status: jwt.status,
  };
}
