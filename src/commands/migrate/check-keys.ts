import { isDataKey, isObjectName } from '../../resources/object-name.ts';
import { findKeyRefusal, locateKey, locateKeyOfAny, type KeyReference } from '../../reconcile/key-access.ts';
import { objectMember } from '../../resources/json.ts';
import { keySourceOf, type Jwt } from '../../resources/jwt.ts';
import { ALLOWED_NAMESPACES, LAST_APPLIED, RESERVED_POLICIES } from '../../resources/names.ts';
import { TOO_LONG } from '../../resources/owner.ts';
import { inOrder } from '../../resources/shell-words.ts';
import { createKeySecretCommand, editJwt, grantKey, patchSpec } from './shell-commands.ts';
import { planMoves } from './moves.ts';
import {
  findingSubject,
  OLD_KEY_NAMESPACE,
  type MigrationFinding,
  type MigrationFacts,
} from './migration-facts.ts';

/** Keys in Secrets that the JWT is not allowed to use, or that are not where jwt-injector reads them. */
export function checkKeySecrets(facts: MigrationFacts): readonly MigrationFinding[] {
  const grants = collectGrants(facts);
  return facts.jwts.flatMap(({ jwt }) => {
    const finding = checkKeySecret(jwt, facts, grants);
    return finding === undefined ? [] : [{ object: findingSubject(jwt), ...finding }];
  });
}

type JwtFinding = Omit<MigrationFinding, 'object'>;
/** Namespaces that need a key Secret's grant, by the Secret's namespace and name. */
type Grants = ReadonlyMap<string, ReadonlySet<string>>;

function checkKeySecret(jwt: Jwt, facts: MigrationFacts, grants: Grants): JwtFinding | undefined {
  const reference = findReference(jwt, facts);
  if (reference === undefined || isOwnSecret(jwt, reference)) return undefined;
  const { namespace, name, key } = reference;
  const where = `${namespace}/${name}`;
  const secret = facts.secret(namespace, name);
  if (secret.state === 'forbidden') return undefined;
  if (!isObjectName(name) || !isDataKey(key)) {
    const why = 'its spec.key.secret is not a valid name of a Secret and its data key';
    return { level: 'fix', reason: 'KeyNotFound', why, commands: [editJwt(facts.printer, jwt)] };
  }
  if (secret.state === 'absent') return findElsewhere(jwt, reference, facts, grants);
  const refusal = findKeyRefusal(jwt, reference, secret.metadata);
  if (refusal === undefined) return noteOtherKey(jwt, reference, facts);
  const { reason } = refusal;
  if (reason === 'KeyNotGranted') {
    const why = `its key is in Secret ${where}, which does not let namespace ${jwt.namespace} sign with it`;
    return { level: 'fix', reason, why, commands: [grant(facts, grants, reference)] };
  }
  const policies = RESERVED_POLICIES.filter((policy) => secret.metadata.annotations[policy] !== undefined);
  const commands = [
    facts.printer.kubectl(
      'annotate',
      'secret',
      name,
      '-n',
      namespace,
      ...policies.map((policy) => `${policy}-`),
    ),
  ];
  return { level: 'fix', reason, why: refusal.message, commands };
}

/** A key in the JWT's own Secret is a conflict of Secrets, and reported as such. */
function isOwnSecret(jwt: Jwt, { namespace, name }: KeyReference): boolean {
  return namespace === jwt.namespace && name === jwt.name;
}

/** token-manager read a key without a namespace from `default`. JWTs that share the key have one command together. */
function findElsewhere(jwt: Jwt, reference: KeyReference, facts: MigrationFacts, grants: Grants): JwtFinding {
  const { namespace, name } = reference;
  const old = findOldKey(jwt, facts);
  if (old !== undefined) {
    const why =
      `it names no namespace for its key: token-manager read Secret ${old.namespace}/${name}, ` +
      `jwt-injector looks for ${namespace}/${name}, which is not there`;
    const users = facts.jwts.filter((other) => isSameSecret(findOldKey(other.jwt, facts), old));
    const patches = users.map((other) =>
      patchSpec(facts.printer, other.jwt, { key: { secret: { namespace: old.namespace } } }),
    );
    const needsGrant = grants.has(`${old.namespace}/${old.name}`);
    const command = inOrder(...(needsGrant ? [grant(facts, grants, old)] : []), ...patches);
    return { level: 'fix', reason: 'KeyNotFound', why, commands: [command] };
  }
  const why = `its key Secret ${namespace}/${name} does not exist: replace KEYFILE with the file that contains the key`;
  const keys = facts.jwts
    .map((other) => findReference(other.jwt, facts))
    .flatMap((other) => (isSameSecret(other, reference) && isDataKey(other.key) ? [other.key] : []));
  const create = createKeySecretCommand(facts.printer, reference, new Set(keys));
  const needsGrant = grants.has(`${namespace}/${name}`);
  const command = needsGrant ? inOrder(create, grant(facts, grants, reference)) : create;
  return { level: 'fix', reason: 'KeyNotFound', why, commands: [command] };
}

/** The key Secret that token-manager used, if there is no Secret where jwt-injector reads it. */
function findOldKey(jwt: Jwt, facts: MigrationFacts): KeyReference | undefined {
  const reference = findReference(jwt, facts);
  if (reference === undefined || facts.secret(reference.namespace, reference.name).state !== 'absent')
    return undefined;
  const old = oldReference(jwt, reference);
  if (old === undefined || isOwnSecret(jwt, old)) return undefined;
  return facts.secret(old.namespace, old.name).state === 'absent' ? undefined : old;
}

function isSameSecret(one: KeyReference | undefined, other: KeyReference): one is KeyReference {
  return one?.namespace === other.namespace && one.name === other.name;
}

/**
 * The key is where jwt-injector reads it, but the JWT does not name the namespace, and token-manager would read it from
 * `default` after a roll-back. If both Secrets exist, only reading private keys would show whether they hold the same one.
 */
function noteOtherKey(jwt: Jwt, reference: KeyReference, facts: MigrationFacts): JwtFinding | undefined {
  const old = oldReference(jwt, reference);
  if (old === undefined) return undefined;
  const { namespace, name } = reference;
  const why =
    facts.secret(old.namespace, old.name).state === 'found'
      ? `if token-manager signed for it, it read the key from Secret ${old.namespace}/${name}; jwt-injector reads ${namespace}/${name}: make sure that both hold the same key, then name the namespace`
      : `it names no namespace for its key: after a roll-back token-manager would read Secret ${old.namespace}/${name}`;
  const commands = [patchSpec(facts.printer, jwt, { key: { secret: { namespace } } })];
  return { level: 'note', reason: 'KeyNamespace', why, commands };
}

/** `undefined` for a key in the JWT, or a spec that cannot be read. */
function findReference(jwt: Jwt, { legacyKeyNamespace }: MigrationFacts): KeyReference | undefined {
  return jwt.spec.ok ? locateKey(jwt, jwt.spec.value.key, legacyKeyNamespace) : undefined;
}

/**
 * The place where token-manager read a key without a namespace, if jwt-injector reads it elsewhere, by its flag or its default.
 */
function oldReference(jwt: Jwt, reference: KeyReference): KeyReference | undefined {
  const source = keySourceOf(jwt);
  const isOmitted = source?.from === 'secret' && source.namespace === undefined;
  return isOmitted && reference.namespace !== OLD_KEY_NAMESPACE
    ? { ...reference, namespace: OLD_KEY_NAMESPACE }
    : undefined;
}

/** Every Secret that may hold a key. */
export function listKeySecrets(
  jwts: readonly Jwt[],
  legacyKeyNamespace: string | undefined,
): readonly KeyReference[] {
  return jwts.flatMap((jwt) => {
    const reference = locateKeyOfAny(jwt, legacyKeyNamespace);
    if (reference === undefined) return [];
    const old = oldReference(jwt, reference);
    return old === undefined ? [reference] : [reference, old];
  });
}

/** All at once, since each command writes the whole list. */
function collectGrants(facts: MigrationFacts): Grants {
  const grants = new Map<string, Set<string>>();
  for (const { jwt } of facts.jwts) {
    const own = findReference(jwt, facts);
    if (own === undefined) continue;
    const reference = findOldKey(jwt, facts) ?? own;
    if (reference.namespace === jwt.namespace) continue;
    const id = `${reference.namespace}/${reference.name}`;
    grants.set(id, (grants.get(id) ?? new Set()).add(jwt.namespace));
  }
  return grants;
}

function grant(facts: MigrationFacts, grants: Grants, { namespace, name }: KeyReference): string {
  const secret = facts.secret(namespace, name);
  const present =
    secret.state === 'found' ? (secret.metadata.annotations[ALLOWED_NAMESPACES] ?? '') : undefined;
  if (present === TOO_LONG) return facts.printer.kubectl('edit', 'secret', name, '-n', namespace);
  return grantKey(facts.printer, { namespace, name }, present, grants.get(`${namespace}/${name}`) ?? []);
}

/** Keys in ConfigMaps, which are never read. */
export function checkConfigMapKeys(facts: MigrationFacts): readonly MigrationFinding[] {
  const moves = planMoves(facts);
  return facts.jwts.flatMap(({ jwt, spec }) => {
    if (objectMember(objectMember(spec, 'key'), 'configMap') === undefined) return [];
    const object = findingSubject(jwt);
    const common = { level: 'fix', reason: 'KeyUnreadable', object } as const;
    const move = moves.get(object);
    if (move === undefined) {
      const why = 'its spec.key.configMap is not a valid name of a ConfigMap and its data key';
      return [{ ...common, why, commands: [editJwt(facts.printer, jwt)] }];
    }
    const why = `its key is in ${move.from}, which is not a place for a private key: the command copies it to a Secret; delete the ConfigMap, or the key in it, afterwards`;
    return [{ ...common, why, commands: [move.command] }];
  });
}

/** Keys in JWTs still work, but they are in a bad place. */
export function noteInlineKeys(facts: MigrationFacts): readonly MigrationFinding[] {
  const moves = planMoves(facts);
  return facts.jwts.flatMap(({ jwt }) => {
    if (!jwt.spec.ok || jwt.spec.value.key.from !== 'value') return [];
    const object = findingSubject(jwt);
    const move = moves.get(object);
    const why =
      'its private key is in spec.key.value, where everybody who is allowed to read JWTs can see it: move it into a Secret (and out of the file that you apply)';
    return [
      {
        level: 'note',
        reason: 'KeyInResource',
        object,
        why,
        commands: move === undefined ? [] : [move.command],
      },
    ];
  });
}

/** A key that was moved out of a JWT is still in the copy of its spec that `kubectl apply` keeps. */
export function noteKeyCopies({ jwts, printer }: MigrationFacts): readonly MigrationFinding[] {
  return jwts.flatMap(({ jwt, keyCopies }) => {
    if (!keyCopies.applied) return [];
    const why = `kubectl's annotation last-applied-configuration holds a private key, also after it was moved out of the spec: remove it; the next kubectl apply writes it again from your file`;
    const command = printer.kubectl('annotate', 'jwt', jwt.name, '-n', jwt.namespace, `${LAST_APPLIED}-`);
    return [
      { level: 'note', reason: 'KeyInAnnotation', object: findingSubject(jwt), why, commands: [command] },
    ];
  });
}
