import { keySourceOf, type Jwt } from '../../resources/jwt.ts';
import type { ObjectName } from '../../resources/object-key.ts';
import { describeKeyInOwnSecret, isKeyInOwnSecret } from '../../resources/key-in-own-secret.ts';
import { explainConflict, type KeyUser } from '../../reconcile/describe-conflict.ts';
import { findOwnership } from '../../reconcile/ownership.ts';
import { installCrd } from '../installation/remedies.ts';
import { stopDeployment } from './shell-commands.ts';
import { findingSubject, type MigrationFinding, type MigrationFacts } from './migration-facts.ts';
import {
  checkConfigMapKeys,
  checkKeySecrets,
  listKeySecrets,
  noteInlineKeys,
  noteKeyCopies,
} from './check-keys.ts';
import { checkScope, JWT_CRD } from './check-scope.ts';
import { checkSpecs, noteRenewals } from './check-specs.ts';
import { planMoves } from './moves.ts';

type Check = (facts: MigrationFacts) => readonly MigrationFinding[];

/** The checks in the order in which things are fixed. Keys are checked once all JWTs have a namespace. */
const MIGRATION_CHECKS: readonly Check[] = [
  checkOldDeployments,
  checkSchema,
  checkConfigMapKeys,
  checkKeySecrets,
  checkSpecs,
  checkConflicts,
  noteInstalled,
  noteKopfLeftovers,
  notePeerings,
  noteRenewals,
  noteInlineKeys,
  noteKeyCopies,
];
const CLUSTER_CHECKS: readonly Check[] = [checkOldDeployments, checkScope, noteInstalled, notePeerings];

/** Everything that token-manager left and that has to be fixed or is worth knowing. Pure. */
export function findLeftovers(facts: MigrationFacts): readonly MigrationFinding[] {
  return (facts.api.namespaced ? MIGRATION_CHECKS : CLUSTER_CHECKS).flatMap((check) => check(facts));
}

function checkSchema({ api, printer }: MigrationFacts): readonly MigrationFinding[] {
  if (api.hasStatus) return [];
  const why =
    'it is that of token-manager, without a status: jwt-injector could not report anything. Replace it with ours; the JWTs stay';
  return [
    { level: 'fix', reason: 'OldSchema', object: `CRD ${JWT_CRD}`, why, commands: [installCrd(printer)] },
  ];
}

function checkConflicts(facts: MigrationFacts): readonly MigrationFinding[] {
  const moves = planMoves(facts);
  const { jwts, secret, legacyKeyNamespace, printer } = facts;
  return jwts.flatMap(({ jwt }) => {
    const { namespace, name } = jwt;
    const object = findingSubject(jwt);
    const common = { level: 'fix', reason: 'SecretConflict', object } as const;
    const found = secret(namespace, name);
    const key = keySourceOf(jwt);
    if (key !== undefined && isKeyInOwnSecret(jwt, key, legacyKeyNamespace ?? namespace)) {
      const move = moves.get(object);
      const commands = found.state !== 'absent' && move !== undefined ? [move.command] : [];
      return [{ ...common, why: describeKeyInOwnSecret(jwt).message, commands }];
    }
    if (found.state !== 'found' || findOwnership(jwt, found.metadata) !== 'foreign') return [];
    const { why, command } = explainConflict(jwt, found.metadata, findOtherUser(facts, jwt));
    return [{ ...common, why, commands: command === undefined ? [] : [printer.kubectl(...command)] }];
  });
}

/** A key is needed where token-manager read it, too. */
function findOtherUser({ jwts, legacyKeyNamespace }: MigrationFacts, jwt: Jwt): KeyUser | undefined {
  const isInSecret = ({ namespace, name }: ObjectName): boolean =>
    namespace === jwt.namespace && name === jwt.name;
  const user = jwts.find(
    (other) => other.jwt !== jwt && listKeySecrets([other.jwt], legacyKeyNamespace).some(isInSecret),
  );
  return user === undefined ? undefined : { jwt: findingSubject(user.jwt) };
}

/** It has to be stopped before the JWTs are changed: it would sign again after each change. */
function checkOldDeployments({ deployments, printer }: MigrationFacts): readonly MigrationFinding[] {
  return deployments
    .filter(({ replicas }) => replicas > 0)
    .map((deployment) => ({
      level: 'fix',
      reason: 'TokenManagerRuns',
      object: `Deployment ${deployment.namespace}/${deployment.name}`,
      why: 'token-manager is still running: stop it first; existing tokens stay valid',
      commands: [stopDeployment(printer, deployment)],
    }));
}

/** Once jwt-injector works. */
function noteInstalled({ deployments, crdInRelease, printer }: MigrationFacts): readonly MigrationFinding[] {
  return deployments
    .filter(({ replicas }) => replicas === 0)
    .map(({ namespace, name, release }) => {
      const why = 'token-manager is stopped but still installed: remove it once all JWTs are Ready';
      const warning = ' (not by helm uninstall: the CRD may belong to the release, and with it go all JWTs)';
      const isReleased = release !== undefined && !crdInRelease;
      const command = isReleased
        ? printer.helm('uninstall', release, '-n', namespace)
        : printer.kubectl('delete', 'deployment', name, '-n', namespace);
      return {
        level: 'note',
        reason: 'TokenManagerInstalled',
        object: `Deployment ${namespace}/${name}`,
        why: release !== undefined && crdInRelease ? why + warning : why,
        commands: [command],
      };
    });
}

function noteKopfLeftovers({ jwts, printer }: MigrationFacts): readonly MigrationFinding[] {
  return jwts.flatMap(({ jwt, kopfLeftovers, keyCopies }) => {
    if (kopfLeftovers === undefined) return [];
    const what = [
      ...(kopfLeftovers.finalizers.length > 0 ? ['finalizer'] : []),
      ...(kopfLeftovers.annotations.length > 0 ? ['annotations'] : []),
    ].join(' and ');
    const key = keyCopies.handled ? ', one of which contains the private key' : '';
    const why = `it has the ${what} of token-manager${key}: the command removes them once token-manager is stopped`;
    const command = printer.jwtInjector('migrate', 'clean', '-n', jwt.namespace);
    return [
      { level: 'note', reason: 'KopfLeftovers', object: findingSubject(jwt), why, commands: [command] },
    ];
  });
}

function notePeerings({ peerings, printer }: MigrationFacts): readonly MigrationFinding[] {
  return peerings.map(({ resource, namespace, name }) => ({
    level: 'note',
    reason: 'KopfPeering',
    object: `${resource} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    why: 'it coordinates operators made with kopf, such as token-manager; jwt-injector does not need it: delete it if no other operator does',
    commands: [
      printer.kubectl('delete', resource, name, ...(namespace === undefined ? [] : ['-n', namespace])),
    ],
  }));
}
