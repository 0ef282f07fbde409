import { member, objectMember, stringMap } from '../../../src/resources/json.ts';
import { APP, OWNING_JWT } from '../../../src/resources/names.ts';
import type { ModelJwt } from './model-cluster.ts';
import type { ModelSecret } from './secret.ts';

/** A label by which tools track and prune the objects that they applied: it is never copied to the Secret. */
const TRACKING_LABEL = 'argocd.argoproj.io/instance';

/** Paths whose values depend on time and token only. */
const MOVING = [
  'data/token',
  'annotations/tokens.osg-htc.org/last-signing-time',
  'annotations/tokens.osg-htc.org/expires-at',
];

/** Written together with everything else. An older Secret lacks it until its next write. */
const NAME = `annotations/${OWNING_JWT}`;

/**
 * Labels, annotations and owner that the Secret of a JWT must have, by path. Only the presence of owners is
 * checked.
 */
function wantedValues(
  { uid, labels, spec }: ModelJwt,
  isShared: boolean,
): ReadonlyMap<string, string | undefined> {
  const isRetained = spec['deletionPolicy'] === 'Retain';
  const template = objectMember(spec, 'secretTemplate');
  const wanted = new Map<string, string | undefined>();
  for (const [name, value] of Object.entries(labels))
    if (name !== TRACKING_LABEL) wanted.set(`labels/${name}`, value);
  for (const group of ['labels', 'annotations'])
    for (const [name, value] of Object.entries(stringMap(member(template, group))))
      wanted.set(`${group}/${name}`, value);
  wanted.set('labels/app.kubernetes.io/managed-by', 'jwt-injector');
  wanted.set('labels/tokens.osg-htc.org/managed', 'true');
  if (!isRetained && !isShared) wanted.set(`owners/${uid}`, undefined);
  return wanted;
}

/** All paths that the service is allowed to write for the JWT, or to remove. */
function wantedPaths(jwt: ModelJwt): Iterable<string> {
  return [...wantedValues(jwt, false).keys(), ...MOVING, NAME, `owners/${jwt.uid}`];
}

/** Whether garbage collection would delete content that must outlive the JWT. */
export function isWronglyOwned(jwt: ModelJwt, secret: ModelSecret): boolean {
  const owner = `owners/${jwt.uid}`;
  return secret.fields.has(owner) && !wantedValues(jwt, hasOtherData(secret)).has(owner);
}

function hasOtherData({ fields }: ModelSecret): boolean {
  return [...fields.keys()].some((path) => path.startsWith('data/') && path !== 'data/token');
}

/** What is wrong with the Secret's metadata; `undefined` if nothing is. */
export function findDrift(jwt: ModelJwt, secret: ModelSecret | undefined): string | undefined {
  if (secret === undefined) return 'no Secret';
  if (isWronglyOwned(jwt, secret)) return 'the owner';
  const wanted = wantedValues(jwt, hasOtherData(secret));
  const name = secret.fields.get(NAME)?.value;
  if (name !== undefined && name !== `${jwt.namespace}/${jwt.name}`) return NAME;
  for (const [path, value] of wanted) {
    const present = secret.fields.get(path);
    if (present === undefined || (value !== undefined && present.value !== value)) return path;
  }
  for (const path of MOVING) if (!secret.fields.has(path)) return path;
  const token = secret.fields.get('data/token')?.value;
  if (typeof token === 'string' && !hasRightTimes(secret, token)) return 'times';
  for (const [path, { managers }] of secret.fields)
    if (managers.includes(APP) && !wanted.has(path) && path !== NAME && !MOVING.includes(path)) return path;
  return undefined;
}

/** Whether `expires-at` is the time at which the token expires, and `last-signing-time` is a number. */
function hasRightTimes({ fields }: ModelSecret, token: string): boolean {
  const signed = fields.get('annotations/tokens.osg-htc.org/last-signing-time')?.value;
  const expires = fields.get('annotations/tokens.osg-htc.org/expires-at')?.value;
  const claims: unknown = readClaims(Buffer.from(token, 'base64').toString());
  return /^\d+$/.test(String(signed)) && Date.parse(String(expires)) / 1000 === member(claims, 'exp');
}

function readClaims(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** Fields that other managers lost, or own no more; not those that the JWT itself asks for, in any of its states. */
export function findLostFields(
  before: ModelSecret | undefined,
  after: ModelSecret,
  jwts: readonly ModelJwt[],
): readonly string[] {
  const wanted = new Set(jwts.flatMap((jwt) => [...wantedPaths(jwt)]));
  return [...(before?.fields ?? [])].flatMap(([path, { managers, value }]) => {
    const foreign = wanted.has(path) ? [] : managers.filter((manager) => manager !== APP);
    const left = after.fields.get(path);
    const isKept = left?.value === value && foreign.every((manager) => left?.managers.includes(manager));
    return foreign.length > 0 && !isKept ? [path] : [];
  });
}
