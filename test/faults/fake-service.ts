import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Loose } from '../integration/objects.ts';
import { pathOf, type Api } from './api.ts';
import type { FakeCluster } from './fake-cluster.ts';
import { EXPIRES_AT, MANAGED, NAMED, SIGNED_AT } from './in-order.ts';
import { secondsOf } from './tracked-jwt.ts';

/** What a fake service does right and wrong. */
export interface Character {
  /** Whether it corrects changes by others, or only signs on request; default: true. */
  readonly repairs?: boolean;
  /** It writes into another user's Secret before it reports it. */
  readonly trespasses?: boolean;
  /** It reports each token twice. */
  readonly isTalkative?: boolean;
  /** It signs as it would have done so many seconds ago, and renews no token. */
  readonly agesTokens?: number;
}

/** Does the service's work on JWTs and Secrets, as far as the tests of the suite need it. */
export function startFakeService(
  cluster: FakeCluster,
  api: Api,
  { repairs = true, trespasses = false, isTalkative = false, agesTokens = 0 }: Character,
): void {
  const signed = new Map<string, Signed>();
  const look = async (namespace: string, name: string): Promise<void> => {
    const jwt = await api.get(pathOf('jwts', namespace, name));
    const path = pathOf('secrets', namespace, name);
    const secret = await api.get(path);
    if (jwt === undefined) return;
    const report = (status: Loose): Promise<Loose> => api.merge(pathOf('jwts', namespace, name), { status });
    if (secret?.type === 'kubernetes.io/tls') {
      if (trespasses) await api.merge(path, { metadata: { labels: { [MANAGED]: 'true' } } });
      await report({ conditions: [{ type: 'Ready', status: 'False', reason: 'SecretConflict' }] });
      return;
    }
    const request = jwt.metadata.annotations?.['tokens.osg-htc.org/renew'];
    const known = signed.get(path);
    const isSpoilt = known !== undefined && secret?.data.token !== known.token;
    if (known !== undefined && request === jwt.status?.request && !(repairs && isSpoilt)) {
      if (secret === undefined || !(repairs || isShared(secret))) return;
      await api.merge(path, { metadata: around(jwt, known, secret) });
      return;
    }
    const next = await sign(jwt, await readKey(api, jwt), agesTokens);
    signed.set(path, next);
    const body = { data: { token: next.token }, metadata: around(jwt, next, secret) };
    await (secret === undefined ? api.create(pathOf('secrets', namespace), body) : api.merge(path, body));
    const renewals = (jwt.status?.renewals ?? -1) + 1;
    const renewsAt = new Date(next.exp * 1_000 - 30_000).toISOString();
    const conditions = [{ type: 'Ready', status: 'True', reason: 'Signed' }];
    const status = { tokenId: next.jti, renewals, renewsAt, request: request ?? null, conditions };
    if (isTalkative) await report({ ...status, conditions: [] });
    await report(status);
  };
  let working = Promise.resolve();
  cluster.follow(({ object }) => {
    const { namespace, name } = object.metadata;
    if (namespace !== undefined) working = working.then(() => look(namespace, name));
  });
}

const isShared = (secret: Loose): boolean => Object.keys(secret?.data ?? {}).length > 1;

async function readKey(api: Api, { metadata, spec }: Loose): Promise<string> {
  if (spec.key.value !== undefined) return spec.key.value;
  const { name, key } = spec.key.secret;
  const secret = await api.get(pathOf('secrets', metadata.namespace, name));
  return Buffer.from(secret.data[key], 'base64').toString();
}

/** A token in base64, as in the Secret, and its claims. */
interface Signed {
  readonly token: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
}

async function sign({ spec }: Loose, pem: string, ageSeconds: number): Promise<Signed> {
  const now = Math.floor(Date.now() / 1_000) - ageSeconds;
  const [iat, exp, jti] = [now - 60, now + secondsOf(spec.expiryTime), randomUUID()];
  const token = await new SignJWT({ ...spec.data, iss: spec.issuer, iat, nbf: iat, exp, jti })
    .setProtectedHeader({ alg: spec.algorithm, kid: spec.keyId, typ: 'JWT' })
    .sign(createPrivateKey(pem));
  return { token: btoa(token), exp, iat, jti };
}

/** The metadata of the Secret beside its token. */
function around({ metadata }: Loose, { exp, iat }: Signed, secret: Loose): Loose {
  const { namespace, name, uid } = metadata;
  const owner = { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name, uid, controller: true };
  return {
    name,
    labels: { [MANAGED]: 'true', 'app.kubernetes.io/managed-by': 'jwt-injector' },
    annotations: {
      [SIGNED_AT]: `${iat + 60}`,
      [EXPIRES_AT]: new Date(exp * 1_000).toISOString(),
      [NAMED]: `${namespace}/${name}`,
    },
    ownerReferences: isShared(secret) ? null : [owner],
  };
}
