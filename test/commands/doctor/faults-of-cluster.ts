import { count, emptyCensus, type JwtCensus } from '../../../src/commands/doctor/jwt-census.ts';
import { shippedRights } from '../../../src/commands/doctor/shipped-rights.ts';
import { toSeconds } from '../../../src/time/units.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { NOW, wire, type Fault } from './fault.ts';
import { ABSENT, FORBIDDEN, found, type Wire } from './well-installation.ts';

const censusOf = (...jwts: readonly Wire[]): JwtCensus => {
  const census = emptyCensus(undefined);
  for (const [index, jwt] of jwts.entries()) {
    jwt.metadata.name = `jwt-${index}`;
    count(census, jwt, toSeconds(NOW));
  }
  return census;
};
const ready = (status: string, reason: string, more: object = {}): Wire =>
  wireJwt({}, { status: { conditions: [{ type: 'Ready', status, reason, message: 'so it is' }], ...more } });

/** Faults of the API server, the CRD, the rights, and what runs. */
export const FAULTS_OF_CLUSTER: readonly Fault[] = [
  ['an old Kubernetes', () => ({ server: { version: 'v1.29.4', clockAhead: 0 } }), 'api-server', /too old/],
  [
    'a clock ahead',
    ({ lease }) => {
      wire(lease).spec.renewTime = new Date(NOW + 90_000).toISOString();
      return { server: { version: 'v1.34.1', clockAhead: 90_000 } };
    },
    'clock',
    /1 min 30 s ahead of/,
  ],
  [
    'a clock behind',
    ({ lease }) => {
      wire(lease).spec.renewTime = new Date(NOW - 90_000).toISOString();
      return { server: { version: 'v1.34.1', clockAhead: -90_000 } };
    },
    'clock',
    /1 min 30 s behind/,
  ],
  ['no CRD', () => ({ crd: ABSENT }), 'crd', /not installed/],
  ['a CRD of scope Cluster', ({ crd }) => void (wire(crd).spec.scope = 'Cluster'), 'crd', /scope Cluster/],
  [
    'a CRD without a status',
    ({ crd }) => void delete wire(crd).spec.versions[0].subresources,
    'crd',
    /no subresource status/,
  ],
  [
    'a CRD that is not served',
    ({ crd }) => void (wire(crd).spec.versions[0].served = false),
    'crd',
    /serve and store v1/,
  ],
  [
    'a CRD whose names are taken',
    ({ crd }) =>
      void Object.assign(wire(crd).status.conditions[0], { status: 'False', reason: 'ShortNamesConflict' }),
    'crd',
    /ShortNamesConflict/,
  ],
  [
    'an older CRD',
    ({ crd }) =>
      void delete wire(crd).spec.versions[0].schema.openAPIV3Schema.properties.status.properties.retiredKeys,
    'crd',
    /older version: it has no status\.retiredKeys/,
  ],
  [
    'a CRD that may not be read, of scope Cluster',
    () => ({ crd: FORBIDDEN, api: found({ namespaced: false, hasStatus: true }) }),
    'crd',
    /scope Cluster/,
  ],
  [
    'a right that is missing',
    () => ({
      missingRights: found(
        shippedRights({ usesNamespaceDefault: true, promptDelivery: false, ownCertificate: 'tls' }).slice(
          4,
          5,
        ),
      ),
    }),
    'rights',
    /not allowed to patch jwts\/status/,
  ],
  [
    'a right to patch pods that nothing limits',
    ({ deployment }) => {
      wire(deployment).spec.template.spec.containers[0].args.push('--prompt-delivery');
      return { deliveryBinding: ABSENT };
    },
    'delivery-policy',
    /allowed to patch pods, and no ValidatingAdmissionPolicyBinding/,
  ],
  [
    'an edit role without its label',
    ({ editRole }) =>
      void delete wire(editRole).metadata.labels['rbac.authorization.k8s.io/aggregate-to-edit'],
    'edit-role',
    /not aggregated to edit:/,
  ],
  ['no Deployment', () => ({ deployment: ABSENT }), 'deployment', /no Deployment/],
  [
    'a Deployment scaled to 0',
    ({ deployment }) => void (wire(deployment).spec.replicas = 0),
    'deployment',
    /scaled to 0/,
  ],
  [
    'no replica ready',
    ({ deployment }) => void (wire(deployment).status = {}),
    'deployment',
    /no replica .* is ready/,
  ],
  [
    'one replica that is not ready',
    ({ deployment }) => void (wire(deployment).status.readyReplicas = 1),
    'deployment',
    /1 of 2/,
  ],
  [
    'a roll-out that is stuck',
    ({ deployment }) => void (wire(deployment).status.updatedReplicas = 1),
    'deployment',
    /newest state/,
  ],
  [
    'a controller of its own that is not ready',
    ({ deployment }) => {
      const controller = structuredClone(wire(deployment));
      controller.status = {};
      return { controller: found(controller) };
    },
    'deployment',
    /jwt-injector-controller is ready/,
  ],
  [
    'another version',
    ({ deployment }) => {
      for (const container of wire(deployment).spec.template.spec.containers)
        container.image = 'jwt-injector:0.0.1';
    },
    'version',
    /has the version 0\.0\.1, this program/,
  ],
  [
    'a new image in one of two containers (kubectl set image)',
    ({ deployment }) => void (wire(deployment).spec.template.spec.containers[0].image = 'jwt-injector:9.0.0'),
    'version',
    /^containers have images of several versions: 9\.0\.0, /,
  ],
  ['no Service', () => ({ service: ABSENT }), 'service', /no Service/],
  [
    'a Service without port 443',
    ({ service }) => void (wire(service).spec.ports[0].port = 8443),
    'service',
    /no port 443/,
  ],
  [
    'a Service that leads elsewhere',
    ({ service }) => void (wire(service).spec.ports[0].targetPort = 'http'),
    'service',
    /leads to http/,
  ],
  [
    'a Service that selects other pods',
    ({ service }) => void (wire(service).spec.selector = { app: 'other' }),
    'service',
    /selector/,
  ],
  ['no endpoints', () => ({ endpointSlices: found([]) }), 'endpoints', /no endpoints/],
  [
    'endpoints that are not ready',
    () => ({ endpointSlices: found([{ endpoints: [{ conditions: { ready: false } }] }]) }),
    'endpoints',
    /none of them ready/,
  ],
];

/** Faults that are found by their effects. */
export const FAULTS_IN_EFFECT: readonly Fault[] = [
  [
    'a pod that is not changed',
    () => ({ triedPod: found({ outcome: 'unchanged' }) }),
    'tried-pod',
    /gets no token/,
  ],
  [
    'a webhook that does not answer',
    () => ({ triedPod: found({ outcome: 'no-answer' }) }),
    'tried-pod',
    /no answer from jwt-injector/,
  ],
  ['no Lease', () => ({ lease: ABSENT }), 'lease', /no Lease/],
  [
    'a Lease that nobody holds',
    ({ lease }) => void (wire(lease).spec.holderIdentity = ''),
    'lease',
    /nobody holds/,
  ],
  [
    'a Lease that is not renewed',
    ({ lease }) => void (wire(lease).spec.renewTime = new Date(NOW - 3_600_000).toISOString()),
    'lease',
    /renewed 1 h ago/,
  ],
  [
    'a holder whose clock is ahead',
    ({ lease }) => void (wire(lease).spec.renewTime = new Date(NOW + 3_600_000).toISOString()),
    'lease',
    /in the future/,
  ],
  [
    'JWTs that are not Ready',
    () => ({ jwts: found(censusOf(ready('False', 'KeyNotFound'), ready('False', 'KeyNotFound'))) }),
    'jwts',
    /^2 JWTs not Ready, KeyNotFound; the first is \S+: so it is$/,
  ],
  [
    'a JWT that nobody looks at',
    () => ({
      jwts: found(censusOf(wireJwt({}, { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } }))),
    }),
    'jwts',
    /1 JWT not looked at/,
  ],
  [
    'a token that expired',
    () => ({ jwts: found(censusOf(ready('True', 'Signed', { expiresAt: '2026-01-01T00:00:00Z' }))) }),
    'jwts',
    /expired token/,
  ],
  [
    'a renewal that is overdue',
    () => ({
      jwts: found(
        censusOf(
          wireJwt(
            {},
            {
              status: {
                conditions: [
                  { type: 'Ready', status: 'True' },
                  { type: 'RenewalOverdue', status: 'True' },
                ],
              },
            },
          ),
        ),
      ),
    }),
    'jwts',
    /overdue/,
  ],
  [
    'token-manager that runs',
    () => ({
      oldDeployments: found([{ namespace: 'old', name: 'token-manager', release: undefined, replicas: 1 }]),
    }),
    'token-manager',
    /still runs/,
  ],
  [
    'token-manager that is stopped',
    () => ({
      oldDeployments: found([{ namespace: 'old', name: 'token-manager', release: undefined, replicas: 0 }]),
    }),
    'token-manager',
    /stopped, but still installed/,
  ],
  [
    'leftovers of token-manager',
    () => ({
      jwts: found(
        censusOf(
          wireJwt(
            {},
            {
              metadata: { finalizers: ['kopf.zalando.org/KopfFinalizerMarker'] },
              status: { conditions: [{ type: 'Ready', status: 'True' }] },
            },
          ),
        ),
      ),
    }),
    'token-manager',
    /1 JWT with a finalizer/,
  ],
];
