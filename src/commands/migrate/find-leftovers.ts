import { formatDuration } from '../../time/format-time.ts';
import { objectMember } from '../../resources/json.ts';
import { keySourceOf, type Jwt } from '../../resources/jwt.ts';
import type { ObjectName } from '../../resources/object-key.ts';
import { describeKeyInOwnSecret, isKeyInOwnSecret } from '../../resources/key-in-own-secret.ts';
import { GROUP, PLURAL } from '../../resources/names.ts';
import { inOrder } from '../../resources/shell-words.ts';
import { explainConflict, type KeyUser } from '../../reconcile/describe-conflict.ts';
import { findOwnership } from '../../reconcile/ownership.ts';
import { buildClaims } from '../../signing/claims.ts';
import { effectiveResignBefore, isRenewalClamped } from '../../signing/schedule.ts';
import { HAS_CRD, installCrd } from '../installation/remedies.ts';
import { editJwt, patchSpec, stopDeployment } from './shell-commands.ts';
import { findingSubject, type MigrationFinding, type MigrationFacts } from './migration-facts.ts';
import {
  checkConfigMapKeys,
  checkKeySecrets,
  listKeySecrets,
  noteInlineKeys,
  noteKeyCopies,
} from './check-keys.ts';
import { planMoves } from './moves.ts';

const RESOURCE = `${PLURAL}.${GROUP}`;

type Check = (facts: MigrationFacts) => readonly MigrationFinding[];

/** The checks in the order in which things are fixed. JWTs of a Cluster-scoped CRD are checked once they have a namespace. */
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

/**
 * With a Cluster-scoped CRD token-manager never wrote a Secret, so deleting it loses nothing but the JWTs. They may hold
 * private keys: the files are the caller's alone, and the CRD is deleted only when they are there, and ours, too.
 */
function checkScope({ namespace, jwts, printer }: MigrationFacts): readonly MigrationFinding[] {
  const { kubectl } = printer;
  const withFinalizers = jwts.some(({ jwt }) => jwt.finalizers.length > 0);
  // Only the end of a pipe counts: a list that could not be made would look like an empty one.
  const removal = kubectl('patch', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
  const patch = String.raw`printf '%s\n' "$names" | xargs -n 1 ${removal}`;
  const unlock = `(${inOrder(`names=$(${kubectl('get', RESOURCE, '-o', 'name')})`, patch)})`;
  const exported = `${kubectl('get', RESOURCE, '-o', 'yaml')} > jwts-exported.yaml`;
  const filter = `sed -E '/^    (resourceVersion|uid|creationTimestamp|generation):/d' jwts-exported.yaml > jwts.yaml`;
  const commands = inOrder(
    HAS_CRD,
    `(${inOrder('umask 077', 'set -C', exported, filter)})`,
    'test -s jwts.yaml',
    ...(withFinalizers ? [unlock] : []),
    kubectl('delete', 'crd', RESOURCE),
    installCrd(printer),
    kubectl('wait', '--for=condition=Established', `crd/${RESOURCE}`),
    kubectl('api-resources', `--api-group=${GROUP}`), // kubectl remembers the old scope otherwise
    kubectl('create', '-n', namespace, '-f', 'jwts.yaml'),
  );
  return [
    {
      level: 'fix',
      reason: 'ClusterScope',
      object: `CRD ${RESOURCE}`,
      why: `its scope is Cluster, which cannot be changed, and a JWT without a namespace has no place for a Secret: no Secret depends on it. Export its JWTs (to jwts.yaml: remove it afterwards, it may hold private keys), delete it, install ours, and create them in a namespace (here ${namespace})`,
      commands: [commands],
    },
  ];
}

function checkSchema({ api, printer }: MigrationFacts): readonly MigrationFinding[] {
  if (api.hasStatus) return [];
  const why =
    'it is that of token-manager, without a status: jwt-injector could not report anything. Replace it with ours; the JWTs stay';
  return [
    { level: 'fix', reason: 'OldSchema', object: `CRD ${RESOURCE}`, why, commands: [installCrd(printer)] },
  ];
}

/** Specs that token-manager signed, or tried to, but nobody should. Keys in ConfigMaps have their own check. */
function checkSpecs({ jwts, printer }: MigrationFacts): readonly MigrationFinding[] {
  return jwts.flatMap(({ jwt, spec }) => {
    if (objectMember(objectMember(spec, 'key'), 'configMap') !== undefined) return [];
    const claims = jwt.spec.ok ? buildClaims(jwt.spec.value, 0, '') : jwt.spec;
    if (claims.ok) return [];
    const { reason, message } = claims.problem;
    return [
      { level: 'fix', reason, object: findingSubject(jwt), why: message, commands: [editJwt(printer, jwt)] },
    ];
  });
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
    const { why, handOver } = explainConflict(jwt, found.metadata, findOtherUser(facts, jwt));
    return [{ ...common, why, commands: handOver === undefined ? [] : [printer.kubectl(...handOver)] }];
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

function noteRenewals({ jwts, printer }: MigrationFacts): readonly MigrationFinding[] {
  return jwts.flatMap(({ jwt }) => {
    if (!jwt.spec.ok) return [];
    const spec = jwt.spec.value;
    const before = formatDuration(effectiveResignBefore(spec));
    const common = { level: 'note', object: findingSubject(jwt) } as const;
    if (isRenewalClamped(spec)) {
      const why = `its resignBefore is not shorter than its expiryTime: half of the lifetime (${before} before expiry) is used instead`;
      return [
        {
          ...common,
          reason: 'RenewalClamped',
          why,
          commands: [patchSpec(printer, jwt, { resignBefore: null })],
        },
      ];
    }
    const isServed = jwt.recorded.observedGeneration !== undefined;
    if (spec.resignBefore !== undefined || isServed) return [];
    const why = `it has no resignBefore: token-manager never renewed its token, jwt-injector renews it ${before} before it expires`;
    return [{ ...common, reason: 'NeverRenewed', why, commands: [] }];
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
