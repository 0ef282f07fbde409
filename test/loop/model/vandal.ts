import { ADOPT, OWNING_JWT } from '../../../src/resources/names.ts';
import type { ModelCluster } from './model-cluster.ts';
import type { Laws } from './laws.ts';
import { LEGACY_MANAGER } from './secret.ts';
import { JWT_KEYS, type JwtKey } from './steps.ts';
import type { Vandalism } from './vandalism.ts';
import { forge, lifetimesOf } from './model-keys.ts';

/** What a vandal (a user who damages Secrets) needs: the API, and the earlier content of the Secret. */
export interface Scene {
  readonly cluster: ModelCluster;
  readonly laws: Laws;
  /** Seconds since the epoch. */
  readonly now: number;
  /** An earlier token of this JWT, as it was in the Secret. */
  readonly earlier: string | undefined;
}

type Values = Map<string, unknown>;

/** An owner that is not deleted. */
export const FOREIGN_OWNER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'mine', uid: 'uid-of-another' };
const FINALIZER = 'example.com/hold';

/** Changes the Secret of the JWT in this way, if there is one. */
export function vandalise(scene: Scene, key: JwtKey, how: Vandalism): void {
  const { cluster } = scene;
  const change = CHANGES[how];
  if (how === 'delete') cluster.deleteSecret(key);
  else if (how === 'replace by a foreign Secret') replace(cluster, key, {});
  else if (how === 'replace by a foreign Secret with a token')
    replace(cluster, key, { 'data/token': encode('their own') });
  else if (how === 'go back to token-manager') goBack(cluster, key);
  else if (how === 'hold by a finalizer') cluster.editSecret(key, nothing, { finalizers: [FINALIZER] });
  else if (how === 'release') cluster.editSecret(key, nothing, { finalizers: [] });
  else if (how === 'make immutable') cluster.editSecret(key, nothing, { immutable: true });
  else if (change !== undefined) cluster.editSecret(key, (values) => change(values, scene, key));
}

const CHANGES: Readonly<Partial<Record<Vandalism, (values: Values, scene: Scene, key: JwtKey) => void>>> = {
  empty: (values) => dropGroup(values, 'data/'),
  garbage: (values) => values.set('data/token', encode('ga.rba.ge')),
  'token of the other JWT': (values, { cluster }, key) => {
    const other = JWT_KEYS.find((name) => name !== key) ?? key;
    const token = cluster.secrets.get(other)?.fields.get('data/token')?.value;
    if (token !== undefined) values.set('data/token', token);
  },
  'token with other claims': (values, scene, key) =>
    forgeInto(values, scene, key, { scope: 'everything' }, 0),
  'token that expired': (values, scene, key) => forgeInto(values, scene, key, {}, -10_000_000),
  'earlier token': (values, { earlier }) => {
    if (earlier !== undefined) values.set('data/token', earlier);
  },
  'foreign data key': (values) => values.set('data/password', encode('precious')),
  'foreign data gone': (values) => values.delete('data/password'),
  'name of another JWT': (values) => values.set(`annotations/${OWNING_JWT}`, 'lab/a'),
  'without a name': (values) => values.delete(`annotations/${OWNING_JWT}`),
  'foreign label': (values) => values.set('labels/example.com/mine', 'precious'),
  'foreign annotation': (values) => values.set('annotations/example.com/mine', 'precious'),
  'foreign owner': (values) => values.set(`owners/${FOREIGN_OWNER.uid}`, FOREIGN_OWNER),
  'strip labels': (values) => dropGroup(values, 'labels/'),
  'strip annotations': (values) => dropGroup(values, 'annotations/'),
  'strip everything': (values) => values.clear(),
  'take our label': (values) => values.set('labels/team', 'theirs'),
  'wrong expires-at': (values) =>
    values.set('annotations/tokens.osg-htc.org/expires-at', '9999-01-01T00:00:00Z'),
  'signing time that is not a number': (values) =>
    values.set('annotations/tokens.osg-htc.org/last-signing-time', 'NaN'),
  'remove owner': (values) => dropGroup(values, 'owners/'),
  'hand over': (values, _scene, key) => values.set(`annotations/${ADOPT}`, key.split('/')[1]),
};

function nothing(): void {}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function dropGroup(values: Values, prefix: string): void {
  for (const path of values.keys()) if (path.startsWith(prefix)) values.delete(path);
}

function replace(cluster: ModelCluster, key: JwtKey, more: Readonly<Record<string, unknown>>): void {
  cluster.editSecret(key, nothing, { finalizers: [] });
  cluster.deleteSecret(key);
  cluster.createSecret(key, { 'data/password': encode('precious'), 'labels/app': 'theirs', ...more });
}

/**
 * Replaces the Secret by one as token-manager makes it, with a token that has to be renewed. Another client with the same name
 * added to it.
 */
function goBack(cluster: ModelCluster, key: JwtKey): void {
  const jwt = cluster.jwts.get(key);
  if (jwt === undefined) return;
  cluster.editSecret(key, nothing, { finalizers: [] });
  cluster.deleteSecret(key);
  const owner = { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: jwt.name, uid: jwt.uid };
  const values = {
    'data/token': encode('expired.long.ago'),
    'annotations/tokens.osg-htc.org/last-signing-time': '1700000000',
    'labels/app': 'another client’s',
    'annotations/example.com/note': 'another client’s',
    [`owners/${jwt.uid}`]: { ...owner, controller: true, blockOwnerDeletion: true },
  };
  cluster.createSecret(key, values, LEGACY_MANAGER);
}

/** A token with the key and the kid of the present one, signed `age` seconds from now. */
function forgeInto(
  values: Values,
  { cluster, laws, now }: Scene,
  key: JwtKey,
  claims: Readonly<Record<string, unknown>>,
  age: number,
): void {
  const present = laws.tokenIn(cluster.secrets.get(key));
  if (present?.signer === undefined) return;
  const iat = Math.floor(now) + age - 60;
  const exp = iat + 60 + lifetimesOf(cluster.jwts.get(key)?.spec ?? {}).lifetime;
  const text = forge(present.signer, present.header, { ...present.claims, iat, nbf: iat, exp, ...claims });
  values.set('data/token', encode(text));
}
