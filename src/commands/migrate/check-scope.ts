import { GROUP, PLURAL } from '../../resources/names.ts';
import { inOrder } from '../../resources/shell-words.ts';
import { HAS_CRD, installCrd } from '../installation/remedies.ts';
import { checkBeforeMove } from './check-specs.ts';
import type { MigrationFacts, MigrationFinding } from './migration-facts.ts';

/** The CRD of JWTs, by name. */
export const JWT_CRD = `${PLURAL}.${GROUP}`;

/**
 * With a Cluster-scoped CRD token-manager never wrote a Secret, so deleting it loses nothing but the JWTs. The command does
 * all of that, and cannot be repeated after half of it: it is only given when all JWTs can be created again.
 */
export function checkScope(facts: MigrationFacts): readonly MigrationFinding[] {
  const { namespace } = facts;
  const first = checkBeforeMove(facts);
  const why =
    'its scope is Cluster, which cannot be changed, and a JWT without a namespace has no place for a Secret: no Secret depends on it. ' +
    (first.length === 0
      ? `Export its JWTs (to jwts.yaml: remove it afterwards, it may hold private keys), delete it, install ours, and create them in a namespace (here ${namespace})`
      : 'Correct the JWTs above, and run this check again: it then says how they are moved to a namespace');
  const commands = first.length === 0 ? [moveJwts(facts)] : [];
  return [...first, { level: 'fix', reason: 'ClusterScope', object: `CRD ${JWT_CRD}`, why, commands }];
}

/** JWTs may hold keys: the files are the caller's alone, and the CRD is deleted only when they are there, and ours, too. */
function moveJwts({ namespace, jwts, printer }: MigrationFacts): string {
  const { kubectl } = printer;
  const withFinalizers = jwts.some(({ jwt }) => jwt.finalizers.length > 0);
  // Only the end of a pipe counts: a list that could not be made would look like an empty one.
  const removal = kubectl('patch', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
  const patch = String.raw`printf '%s\n' "$names" | xargs -n 1 ${removal}`;
  const unlock = `(${inOrder(`names=$(${kubectl('get', JWT_CRD, '-o', 'name')})`, patch)})`;
  const exported = `${kubectl('get', JWT_CRD, '-o', 'yaml')} > jwts-exported.yaml`;
  const filter = `sed -E '/^    (resourceVersion|uid|creationTimestamp|generation):/d' jwts-exported.yaml > jwts.yaml`;
  return inOrder(
    HAS_CRD,
    `(${inOrder('umask 077', 'set -C', exported, filter)})`,
    'test -s jwts.yaml',
    ...(withFinalizers ? [unlock] : []),
    kubectl('delete', 'crd', JWT_CRD),
    installCrd(printer),
    kubectl('wait', '--for=condition=Established', `crd/${JWT_CRD}`),
    kubectl('api-resources', `--api-group=${GROUP}`), // kubectl remembers the old scope otherwise
    kubectl('create', '-n', namespace, '-f', 'jwts.yaml'),
  );
}
