import { isTokenName } from '../../admission/token-name.ts';
import { findKeyRefusal, locateKey, type KeyReference } from '../../reconcile/key-access.ts';
import { objectMember, stringMember } from '../../resources/json.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { ALLOWED_NAMESPACES, RESERVED_POLICIES } from '../../resources/names.ts';
import { createKeySecret, editJwt, grantKey, kubectl, moveKey, patchSpec, printMember } from './commands.ts';
import { describeObject, OLD_KEY_NAMESPACE, type Finding, type MigrationFacts } from './facts.ts';

/** Kubernetes API: keys of Secrets and ConfigMaps. */
const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** Keys in Secrets that the JWT may not use, or that are not where it is looked for now. */
export function checkKeySecrets(facts: MigrationFacts): readonly Finding[] {
  const grants = collectGrants(facts);
  return facts.jwts.flatMap(({ jwt }) => {
    const finding = checkKeySecret(jwt, facts, grants);
    return finding === undefined ? [] : [{ object: describeObject(jwt), ...finding }];
  });
}

type Told = Omit<Finding, 'object'>;
/** Namespaces that need a key Secret's grant, by the Secret's namespace and name. */
type Grants = ReadonlyMap<string, ReadonlySet<string>>;

function checkKeySecret(jwt: Jwt, facts: MigrationFacts, grants: Grants): Told | undefined {
  const reference = findReference(jwt, facts);
  if (reference === undefined) return undefined;
  const { namespace, name, key } = reference;
  const where = `${namespace}/${name}`;
  const look = facts.secret(namespace, name);
  if (look.state === 'forbidden') return undefined;
  if (!isTokenName(name) || !DATA_KEY.test(key)) {
    const why = 'its spec.key.secret names no Secret that can be';
    return { level: 'fix', reason: 'KeyNotFound', why, commands: [editJwt(jwt)] };
  }
  if (look.state === 'absent') return findElsewhere(jwt, reference, facts, grants);
  const refusal = findKeyRefusal(jwt, reference, look.metadata);
  if (refusal === undefined) return noteOtherKey(jwt, reference, facts);
  const { reason } = refusal;
  if (reason === 'KeyNotGranted') {
    const why = `its key is in Secret ${where}, which does not let namespace ${jwt.namespace} sign with it`;
    return { level: 'fix', reason, why, commands: [grant(facts, grants, reference)] };
  }
  const policies = RESERVED_POLICIES.filter((policy) => look.metadata.annotations[policy] !== undefined);
  const commands = [
    kubectl('annotate', 'secret', name, '-n', namespace, ...policies.map((policy) => `${policy}-`)),
  ];
  return { level: 'fix', reason, why: refusal.message, commands };
}

/** token-manager read a key without a namespace from `default`. */
function findElsewhere(jwt: Jwt, reference: KeyReference, facts: MigrationFacts, grants: Grants): Told {
  const { namespace, name } = reference;
  const old = oldReference(jwt, reference, facts);
  if (old !== undefined && facts.secret(old.namespace, name).state !== 'absent') {
    const why =
      `it names no namespace for its key: token-manager read Secret ${old.namespace}/${name}, ` +
      `jwt-injector looks for ${namespace}/${name}, which is not there`;
    const patch = patchSpec(jwt, { key: { secret: { namespace: old.namespace } } });
    return { level: 'fix', reason: 'KeyNotFound', why, commands: [patch, grant(facts, grants, old)] };
  }
  const why = `its key Secret ${namespace}/${name} does not exist: replace KEYFILE by the file with the key`;
  const commands = [
    createKeySecret(reference),
    ...(namespace === jwt.namespace ? [] : [grant(facts, grants, reference)]),
  ];
  return { level: 'fix', reason: 'KeyNotFound', why, commands };
}

/** Both Secrets are there: nobody can tell without reading private keys whether they hold the same one. */
function noteOtherKey(jwt: Jwt, reference: KeyReference, facts: MigrationFacts): Told | undefined {
  const old = oldReference(jwt, reference, facts);
  if (old === undefined || facts.secret(old.namespace, old.name).state !== 'found') return undefined;
  const why =
    `token-manager read its key from Secret ${old.namespace}/${old.name}, jwt-injector reads ` +
    `${reference.namespace}/${reference.name}: see that both hold the same key`;
  return { level: 'note', reason: 'KeyNamespace', why, commands: [] };
}

/** `undefined` for a key in the JWT, or a spec that cannot be read. */
function findReference(jwt: Jwt, { legacyKeyNamespace }: MigrationFacts): KeyReference | undefined {
  return jwt.spec.ok ? locateKey(jwt, jwt.spec.value.key, legacyKeyNamespace) : undefined;
}

/** Where token-manager read the key, if that is somewhere else. */
function oldReference(
  jwt: Jwt,
  reference: KeyReference,
  { legacyKeyNamespace }: Pick<MigrationFacts, 'legacyKeyNamespace'>,
): KeyReference | undefined {
  if (!jwt.spec.ok || jwt.spec.value.key.from !== 'secret' || legacyKeyNamespace !== undefined)
    return undefined;
  const isOmitted = jwt.spec.value.key.namespace === undefined;
  return isOmitted && jwt.namespace !== OLD_KEY_NAMESPACE
    ? { ...reference, namespace: OLD_KEY_NAMESPACE }
    : undefined;
}

/** Every Secret that the checks have to look at for the keys. */
export function listKeySecrets(
  jwts: readonly Jwt[],
  legacyKeyNamespace: string | undefined,
): readonly KeyReference[] {
  return jwts.flatMap((jwt) => {
    const reference = jwt.spec.ok ? locateKey(jwt, jwt.spec.value.key, legacyKeyNamespace) : undefined;
    if (reference === undefined) return [];
    const old = oldReference(jwt, reference, { legacyKeyNamespace });
    return old === undefined ? [reference] : [reference, old];
  });
}

/** All at once, since each command writes the whole list. */
function collectGrants(facts: MigrationFacts): Grants {
  const grants = new Map<string, Set<string>>();
  for (const { jwt } of facts.jwts) {
    const own = findReference(jwt, facts);
    if (own === undefined) continue;
    const isAbsent = facts.secret(own.namespace, own.name).state === 'absent';
    const reference = isAbsent ? (oldReference(jwt, own, facts) ?? own) : own;
    if (reference.namespace === jwt.namespace) continue;
    const id = `${reference.namespace}/${reference.name}`;
    grants.set(id, (grants.get(id) ?? new Set()).add(jwt.namespace));
  }
  return grants;
}

function grant(facts: MigrationFacts, grants: Grants, { namespace, name }: KeyReference): string {
  const look = facts.secret(namespace, name);
  const present = look.state === 'found' ? (look.metadata.annotations[ALLOWED_NAMESPACES] ?? '') : undefined;
  return grantKey({ namespace, name }, present, grants.get(`${namespace}/${name}`) ?? []);
}

/** Keys in ConfigMaps, which are never read. */
export function checkConfigMapKeys({ jwts }: MigrationFacts): readonly Finding[] {
  return jwts.flatMap(({ jwt, spec }) => {
    const source = objectMember(objectMember(spec, 'key'), 'configMap');
    if (source === undefined) return [];
    const [name = '', key = ''] = [stringMember(source, 'name'), stringMember(source, 'key')];
    const namespace = stringMember(source, 'namespace') ?? OLD_KEY_NAMESPACE;
    const told = { level: 'fix', reason: 'KeyUnreadable', object: describeObject(jwt) } as const;
    if (!isTokenName(name) || !isTokenName(namespace) || !DATA_KEY.test(key)) {
      return [
        { ...told, why: 'its spec.key.configMap names no ConfigMap that can be', commands: [editJwt(jwt)] },
      ];
    }
    const target = { namespace: jwt.namespace, name, key };
    return [
      {
        ...told,
        why: `its key is in ConfigMap ${namespace}/${name}, which everybody may read: it is copied to a Secret; delete the ConfigMap, or the key in it, afterwards`,
        commands: [
          moveKey(printMember('configmap', namespace, name, ['data', key]), target),
          patchSpec(jwt, { key: { configMap: null, secret: { name, key } } }),
        ],
      },
    ];
  });
}

/** Keys in JWTs go on working; they are just in a bad place. */
export function noteInlineKeys({ jwts }: MigrationFacts): readonly Finding[] {
  return jwts.flatMap(({ jwt }) => {
    if (!jwt.spec.ok || jwt.spec.value.key.from !== 'value') return [];
    const target = { namespace: jwt.namespace, name: `${jwt.name}-key`, key: 'key.pem' };
    return [
      {
        level: 'note',
        reason: 'KeyInResource',
        object: describeObject(jwt),
        why: 'its private key is in spec.key.value, where all see it who may read JWTs: move it into a Secret (and out of the file you apply)',
        commands: [
          moveKey(printMember('jwt', jwt.namespace, jwt.name, ['spec', 'key', 'value']), target),
          patchSpec(jwt, { key: { value: null, secret: { name: target.name, key: target.key } } }),
        ],
      },
    ];
  });
}
