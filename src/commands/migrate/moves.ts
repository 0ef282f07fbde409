import type { ObjectName } from '../../resources/object-key.ts';
import { isDataKey, isNamespaceName, isObjectName, startOfName } from '../../resources/object-name.ts';
import { objectMember, stringMember } from '../../resources/json.ts';
import { isKeyInOwnSecret } from '../../resources/key-in-own-secret.ts';
import { inOrder } from '../../resources/shell-words.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import { moveKey, patchSpec, printMember } from './shell-commands.ts';
import {
  findingSubject,
  OLD_KEY_NAMESPACE,
  type MigratingJwt,
  type MigrationFacts,
} from './migration-facts.ts';

/** Leaves room for a number that makes the name unique. */
const MAX_NAME_PART_LENGTH = 240;
/** How many names are checked for each key to move: the first may be taken. */
const LOOKED_UP = 5;

/** The move of a key into a Secret of its own, for all JWTs that sign with it. */
interface KeyMove {
  /** The place of the key, in words. */
  readonly from: string;
  readonly command: string;
}

interface Source {
  /** JWTs of one namespace that share the key have it in common. */
  readonly id: string;
  readonly from: string;
  readonly print: string;
  readonly base: string;
  readonly dataKey: string;
  /** Members of `spec.key` that go. */
  readonly dropped: Readonly<Record<string, null>>;
}

/** The place of the JWT's key, if it has to be moved; a ConfigMap that cannot be moved is `undefined` too. */
function findKeyToMove(printer: CommandPrinter, { jwt, spec }: MigratingJwt): Source | undefined {
  const { namespace, name } = jwt;
  const map = objectMember(objectMember(spec, 'key'), 'configMap');
  if (map !== undefined) return findMapSource(printer, namespace, map);
  if (!jwt.spec.ok) return undefined;
  const { key } = jwt.spec.value;
  const base = `${startOfName(name, MAX_NAME_PART_LENGTH)}-key`;
  if (key.from === 'value') {
    return {
      id: `${namespace} jwt ${name}`,
      from: `JWT ${namespace}/${name}`,
      print: printMember(printer, 'jwt', jwt, ['spec', 'key', 'value']),
      base,
      dataKey: 'key.pem',
      dropped: { value: null },
    };
  }
  if (!isKeyInOwnSecret(jwt, key, namespace) || !isDataKey(key.key)) return undefined;
  return {
    id: `${namespace} secret ${name} ${key.key}`,
    from: `Secret ${namespace}/${name}`,
    print: `${printMember(printer, 'secret', jwt, ['data', key.key])} | base64 -d`,
    base,
    dataKey: key.key,
    dropped: {},
  };
}

function findMapSource(printer: CommandPrinter, jwtNamespace: string, map: unknown): Source | undefined {
  const [name = '', key = ''] = [stringMember(map, 'name'), stringMember(map, 'key')];
  const namespace = stringMember(map, 'namespace') ?? OLD_KEY_NAMESPACE;
  if (!isObjectName(name) || !isNamespaceName(namespace) || !isDataKey(key)) return undefined;
  return {
    id: `${jwtNamespace} configmap ${namespace}/${name} ${key}`,
    from: `ConfigMap ${namespace}/${name}`,
    print: printMember(printer, 'configmap', { namespace, name }, ['data', key]),
    base: startOfName(name, MAX_NAME_PART_LENGTH),
    dataKey: key,
    dropped: { configMap: null },
  };
}

/** The names that a move may take, the likeliest first. */
function nameAt(base: string, index: number): string {
  return index === 0 ? base : `${base}-${index + 1}`;
}

/** Secrets to be checked, so that no move takes the name of one that exists. */
export function listTargets(jwts: readonly MigratingJwt[], printer: CommandPrinter): readonly ObjectName[] {
  return jwts.flatMap((migrating) => {
    const source = findKeyToMove(printer, migrating);
    if (source === undefined) return [];
    const { namespace } = migrating.jwt;
    return Array.from({ length: LOOKED_UP }, (_, index) => ({ namespace, name: nameAt(source.base, index) }));
  });
}

/**
 * The moves of all keys that are where they should not be, by what `findingSubject` says of the JWT. JWTs that share a
 * key have one command together. Each Secret gets a name of its own: not that of a Secret that is there or that another
 * JWT gets, nor that of a JWT, whose token would be written there.
 */
export function planMoves(facts: MigrationFacts): ReadonlyMap<string, KeyMove> {
  const { printer } = facts;
  const taken = listTaken(facts);
  const groups = new Map<string, { readonly source: Source; readonly users: MigratingJwt[] }>();
  for (const migrating of facts.jwts) {
    const source = findKeyToMove(printer, migrating);
    if (source === undefined) continue;
    const group = groups.get(source.id) ?? { source, users: [] };
    groups.set(source.id, group);
    group.users.push(migrating);
  }
  const moves = new Map<string, KeyMove>();
  for (const { source, users } of groups.values()) {
    const namespace = users[0]?.jwt.namespace ?? '';
    const isFree = (name: string): boolean =>
      !taken.has(`${namespace}/${name}`) && facts.secret(namespace, name).state !== 'found';
    let index = 0;
    while (!isFree(nameAt(source.base, index))) index += 1;
    const name = nameAt(source.base, index);
    taken.add(`${namespace}/${name}`);
    const secret = { name, key: source.dataKey, namespace };
    const patches = users.map(({ jwt }) => patchSpec(printer, jwt, { key: { ...source.dropped, secret } }));
    const command = moveKey(
      printer,
      source.print,
      { namespace, name, key: source.dataKey },
      inOrder(...patches),
    );
    for (const { jwt } of users) moves.set(findingSubject(jwt), { from: source.from, command });
  }
  return moves;
}

function listTaken({ jwts, legacyKeyNamespace }: MigrationFacts): Set<string> {
  const taken = new Set<string>();
  for (const { jwt } of jwts) {
    taken.add(`${jwt.namespace}/${jwt.name}`);
    if (!jwt.spec.ok || jwt.spec.value.key.from !== 'secret') continue;
    const { namespace = legacyKeyNamespace ?? jwt.namespace, name } = jwt.spec.value.key;
    taken.add(`${namespace}/${name}`);
  }
  return taken;
}
