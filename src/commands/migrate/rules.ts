import { describeSeconds } from '../../resources/duration.ts';
import { member, objectMember } from '../../resources/json.ts';
import { ADOPT, GROUP, PLURAL } from '../../resources/names.ts';
import { findOwnership } from '../../reconcile/ownership.ts';
import { buildClaims } from '../../signing/claims.ts';
import { effectiveResignBefore, isRenewalClamped } from '../../signing/schedule.ts';
import { editJwt, kubectl, patchSpec, quoteShell } from './commands.ts';
import { describeObject, type Finding, type MigrationFacts } from './facts.ts';
import { checkConfigMapKeys, checkKeySecrets, noteInlineKeys } from './keys.ts';

const RESOURCE = `${PLURAL}.${GROUP}`;
const INSTALL_CRD = 'kubectl apply --server-side --force-conflicts -k deploy/kustomize/crd';

type Check = (facts: MigrationFacts) => readonly Finding[];

/** In the order in which things are mended. JWTs of a Cluster-scoped CRD are looked at once they have a namespace. */
const CHECKS: readonly Check[] = [
  checkSchema,
  checkConfigMapKeys,
  checkKeySecrets,
  checkSpecs,
  checkConflicts,
  checkDeployments,
  noteRenewals,
  noteInlineKeys,
  noteMarks,
  notePeerings,
];
const CLUSTER_CHECKS: readonly Check[] = [checkDeployments, checkScope, notePeerings];

/** Everything of token-manager's that is in the way or worth knowing. Pure. */
export function findLeftovers(facts: MigrationFacts): readonly Finding[] {
  return (facts.api.namespaced ? CHECKS : CLUSTER_CHECKS).flatMap((check) => check(facts));
}

/** With a Cluster-scoped CRD token-manager never wrote a Secret, so deleting it loses nothing but the JWTs. */
function checkScope({ namespace, jwts }: MigrationFacts): readonly Finding[] {
  const withFinalizers = jwts.some(({ jwt }) => jwt.finalizers.length > 0);
  const unlock = `kubectl get ${RESOURCE} -o name | xargs -I JWT kubectl patch JWT --type=merge -p '{"metadata":{"finalizers":null}}'`;
  return [
    {
      level: 'fix',
      reason: 'ClusterScope',
      object: `CRD ${RESOURCE}`,
      why: `its scope is Cluster, which cannot be changed, and a JWT without a namespace has no place for a Secret: no Secret depends on it. Export its JWTs, delete it, install ours, and create them in a namespace (here ${namespace})`,
      commands: [
        `kubectl get ${RESOURCE} -o yaml | sed -E '/^    (resourceVersion|uid|creationTimestamp|generation):/d' > jwts.yaml`,
        ...(withFinalizers ? [unlock] : []),
        `kubectl delete crd ${RESOURCE}`,
        INSTALL_CRD,
        `kubectl wait --for=condition=Established crd/${RESOURCE}`,
        `kubectl api-resources --api-group=${GROUP}`, // kubectl remembers the old scope otherwise
        kubectl('create', '-n', namespace, '-f', 'jwts.yaml'),
      ],
    },
  ];
}

function checkSchema({ api }: MigrationFacts): readonly Finding[] {
  if (api.hasStatus) return [];
  const why =
    "it is token-manager's, without a status: jwt-injector could not tell of anything. Put ours over it, the JWTs stay";
  return [{ level: 'fix', reason: 'OldSchema', object: `CRD ${RESOURCE}`, why, commands: [INSTALL_CRD] }];
}

/** What token-manager signed, or tried to, and nobody should. Keys in ConfigMaps have a check of their own. */
function checkSpecs({ jwts }: MigrationFacts): readonly Finding[] {
  return jwts.flatMap(({ jwt, spec }) => {
    if (objectMember(objectMember(spec, 'key'), 'configMap') !== undefined) return [];
    const claims = jwt.spec.ok ? buildClaims(jwt.spec.value, 0, '') : jwt.spec;
    if (claims.ok) return [];
    const { reason, message } = claims.problem;
    return [{ level: 'fix', reason, object: describeObject(jwt), why: message, commands: [editJwt(jwt)] }];
  });
}

function checkConflicts({ jwts, secret }: MigrationFacts): readonly Finding[] {
  return jwts.flatMap(({ jwt }) => {
    const look = secret(jwt.namespace, jwt.name);
    if (look.state !== 'found') return [];
    if (findOwnership(jwt, look.metadata) !== 'foreign') return [];
    const { namespace, name } = jwt;
    const told = { level: 'fix', reason: 'SecretConflict', object: describeObject(jwt) } as const;
    const controller = look.metadata.owners.find((owner) => owner.controller);
    if (controller !== undefined) {
      const why = `Secret ${namespace}/${name} belongs to ${controller.kind} ${controller.name}: it is left untouched. Give the JWT another name`;
      return [{ ...told, why, commands: [] }];
    }
    const why = `Secret ${namespace}/${name} is not this JWT's: it is left untouched. Delete it, rename the JWT, or hand it over (what else is in it stays)`;
    return [
      { ...told, why, commands: [kubectl('annotate', 'secret', name, '-n', namespace, `${ADOPT}=${name}`)] },
    ];
  });
}

function checkDeployments({ deployments, crdInRelease }: MigrationFacts): readonly Finding[] {
  return deployments.map(({ namespace, name, release, replicas }) => {
    const isRunning = replicas > 0;
    const isReleased = release !== undefined && !crdInRelease;
    const why = isRunning
      ? 'token-manager still runs and marks the JWTs with its finalizer: remove it once jwt-injector runs'
      : 'token-manager is switched off but still installed';
    const warning = ' (not by helm uninstall: the CRD may belong to the release, and with it go all JWTs)';
    return {
      level: isRunning ? 'fix' : 'note',
      reason: 'LegacyOperatorActive',
      object: `Deployment ${namespace}/${name}`,
      why: release !== undefined && crdInRelease ? why + warning : why,
      commands: [
        isReleased
          ? ['helm', 'uninstall', release, '-n', namespace].map(quoteShell).join(' ')
          : kubectl('delete', 'deployment', name, '-n', namespace),
      ],
    };
  });
}

function noteRenewals({ jwts }: MigrationFacts): readonly Finding[] {
  return jwts.flatMap(({ jwt }) => {
    if (!jwt.spec.ok) return [];
    const spec = jwt.spec.value;
    const before = describeSeconds(effectiveResignBefore(spec));
    const told = { level: 'note', object: describeObject(jwt) } as const;
    if (isRenewalClamped(spec)) {
      const why = `its resignBefore is not shorter than its expiryTime: half of the lifetime (${before} before expiry) is used instead`;
      return [{ ...told, reason: 'RenewalClamped', why, commands: [patchSpec(jwt, { resignBefore: null })] }];
    }
    const isServed = member(jwt.status, 'observedGeneration') !== undefined;
    if (spec.resignBefore !== undefined || isServed) return [];
    const why = `it has no resignBefore: token-manager never renewed its token, jwt-injector does so ${before} before it expires`;
    return [{ ...told, reason: 'NeverRenewed', why, commands: [] }];
  });
}

function noteMarks({ jwts }: MigrationFacts): readonly Finding[] {
  return jwts.flatMap(({ jwt, marks, keyCopies }) => {
    if (marks === undefined) return [];
    const what = [
      ...(marks.finalizers.length > 0 ? ['finalizer'] : []),
      ...(marks.annotations.length > 0 ? ['annotations'] : []),
    ].join(' and ');
    const key = keyCopies.handled ? ', one with the private key in it' : '';
    const why = `it carries token-manager's ${what}${key}: jwt-injector migrate clean takes them off once token-manager is gone`;
    return [{ level: 'note', reason: 'KopfMarks', object: describeObject(jwt), why, commands: [] }];
  });
}

function notePeerings({ peerings }: MigrationFacts): readonly Finding[] {
  return peerings.map(({ resource, namespace, name }) => ({
    level: 'note',
    reason: 'KopfPeering',
    object: `${resource} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    why: 'operators made with kopf, as token-manager, meet there; jwt-injector does not need it: delete it if no other operator does',
    commands: [kubectl('delete', resource, name, ...(namespace === undefined ? [] : ['-n', namespace]))],
  }));
}
