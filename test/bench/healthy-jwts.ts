import { makeObserved } from '../fixtures/observed.ts';
import { randomUUID } from 'node:crypto';
import { desiredSecret } from '../../src/reconcile/desired-secret.ts';
import { desiredStatus } from '../../src/reconcile/desired-status.ts';
import { keyVersionOf } from '../../src/reconcile/key-access.ts';
import { parseJwt } from '../../src/resources/jwt.ts';
import { formatRecordedStatus } from '../../src/resources/recorded-status.ts';
import { buildClaims } from '../../src/signing/claims.ts';
import { readSigningKey, type SigningKey } from '../../src/signing/key.ts';
import { signToken } from '../../src/signing/token.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { applyBare, type BareClient } from './bare-client.ts';
import type { Stored } from './etcd-store.ts';
import { placeOf } from './many-jwts.ts';

/** A namespace with its key Secret `the-key`, and the key as the service has it after reading it. */
export interface KeyedNamespace {
  readonly namespace: string;
  readonly key: SigningKey;
  readonly version: string;
}

/** Creates the namespace and an ES256 key in it. */
export async function makeKeyedNamespace(client: BareClient, namespace: string): Promise<KeyedNamespace> {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await client.send('POST', '/api/v1/namespaces', JSON.stringify(object));
  const pem = toPem(makeKey('ES256'));
  const answer = await applyBare(client, `/api/v1/namespaces/${namespace}/secrets/the-key`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'the-key' },
    stringData: { 'key.pem': pem },
  });
  const { uid, resourceVersion } = JSON.parse(answer).metadata;
  const key = await readSigningKey(pem, 'ES256');
  if (!key.ok) throw new Error(key.problem.message);
  return { namespace, key: key.value, version: keyVersionOf({ uid, resourceVersion }, 'key.pem') };
}

/** The field managers that the API server recorded in a JWT and a Secret that the service wrote. */
export interface FieldOwners {
  readonly jwt: unknown;
  readonly secret: unknown;
  /** The placeholder for the uid of the JWT in both. */
  readonly uid: string;
}

/**
 * JWTs and their Secrets in the state in which nothing has to be done: really signed just now, each with a
 * subject and a scope of its own, made by the same functions as in the service.
 */
export async function* makeHealthy(
  { from, to }: { readonly from: number; readonly to: number },
  namespaces: readonly KeyedNamespace[],
  owners: FieldOwners,
): AsyncGenerator<Stored> {
  for (let index = from; index < to; index += 1) {
    const { namespace, key, version } = namespaces[index % namespaces.length]!;
    const { name } = placeOf(index, [namespace]);
    const uid = randomUUID();
    const issuedAt = Math.floor(Date.now() / 1_000);
    const created = { creationTimestamp: `${new Date(issuedAt * 1_000).toISOString().slice(0, 19)}Z` };
    const fit = (fields: unknown): unknown => JSON.parse(JSON.stringify(fields).replaceAll(owners.uid, uid));
    const wire = wireJwt(
      {
        // In the order in which the API server returns the members to the service.
        data: {
          aud: ['https://wlcg.cern.ch/jwt/v1/any'],
          scope: `storage.read:/${namespace}/user-${index} storage.create:/${namespace}/user-${index}`,
          sub: `user-${index}`,
          'wlcg.ver': '1.0',
        },
        key: { secret: { name: 'the-key', key: 'key.pem' } },
      },
      { metadata: { name, namespace, uid } },
    );
    const jwt = parseJwt(wire);
    if (!jwt.ok || !jwt.value.spec.ok) throw new Error(`${name} is not a JWT`);
    const spec = jwt.value.spec.value;
    const claims = buildClaims(spec, issuedAt, randomUUID());
    if (!claims.ok) throw new Error(claims.problem.message);
    const text = await signToken(key, spec.keyId, claims.value);
    const observed = makeObserved({ jwt: jwt.value, key: { state: 'read', version, key } });
    const status = desiredStatus(observed, { signed: { claims: claims.value, issuedAt } }, issuedAt);
    const token = { text, issuedAt, expiresAt: claims.value.exp };
    const secret = desiredSecret(jwt.value, spec, token, undefined);
    const { resourceVersion: _none, ...metadata } = secret['metadata'] as Record<string, unknown>;
    const { resourceVersion: _version, ...jwtMetadata } = wire.metadata;
    yield {
      path: `tokens.osg-htc.org/jwts/${namespace}/${name}`,
      object: {
        ...wire,
        metadata: { ...jwtMetadata, ...created, managedFields: fit(owners.jwt) },
        status: formatRecordedStatus(status),
      },
    };
    yield {
      path: `secrets/${namespace}/${name}`,
      object: {
        ...secret,
        metadata: { ...metadata, uid: randomUUID(), ...created, managedFields: fit(owners.secret) },
      },
    };
  }
}
