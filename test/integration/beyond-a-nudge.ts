import { parse } from 'yaml';
import type { Loose } from './objects.ts';
import { podOnNode } from './pods-on-node.ts';

export const NAMESPACE = 'delivery-policy';
export const KEY = 'delivery.tokens.osg-htc.org/nudged-at';
export const NOW = '2026-01-01T00:00:00.000000Z';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
export const POD = `${PODS}/target`;

const OWNER = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'any',
  uid: '00000000-0000-0000-0000-000000000000',
};

/** A merge patch that nudges, and also makes another change. */
export const nudge = (metadata: object = {}, rest: object = {}): object => ({
  metadata: { annotations: { [KEY]: NOW }, ...metadata },
  ...rest,
});
const annotations = (more: object): object => nudge({ annotations: { [KEY]: NOW, ...more } });
export const spec = (more: object): object => nudge({}, { spec: more });

type Body = object | ((pod: Loose) => object);
/** A request to the API server. Its body can depend on the present pod. */
export type PodRequest = readonly [method: string, path: string, body?: Body];

/** The only container of the pod, with a change. */
const container =
  (more: object) =>
  ({ spec: { containers } }: Loose): object =>
    spec({ containers: [{ ...containers[0], ...more }] });

/** Adds a field manager that owns the labels: its next apply without them would remove them. */
export const labelsManagedBy =
  (manager: string, operation: 'Apply' | 'Update') =>
  ({ metadata }: Loose): object => {
    const fieldsV1 = { 'f:metadata': { 'f:labels': { 'f:app': {} } } };
    const entry = { manager, operation, apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsV1 };
    return nudge({ managedFields: [...metadata.managedFields, { ...entry, fieldsType: 'FieldsV1' }] });
  };

/** All requests that a user with all rights on pods can send for a pod, except for a nudge. */
export const REFUSED_REQUESTS = {
  'a label': ['PATCH', POD, nudge({ labels: { app: 'other' } })],
  'the end of a label': ['PATCH', POD, nudge({ labels: { app: null } })],
  'another annotation': ['PATCH', POD, annotations({ other: 'a' })],
  'an annotation that asks for a token': ['PATCH', POD, annotations({ 'tokens.osg-htc.org/token': 'a' })],
  'a changed annotation': ['PATCH', POD, annotations({ kept: 'changed' })],
  'the end of an annotation': ['PATCH', POD, annotations({ kept: null })],
  'the end of all annotations': ['PATCH', POD, { metadata: { annotations: null } }],
  'no time as the annotation’s value': [
    'PATCH',
    POD,
    { metadata: { annotations: { [KEY]: 'a'.repeat(30) } } },
  ],
  'a long value of the annotation': ['PATCH', POD, { metadata: { annotations: { [KEY]: '0'.repeat(300) } } }],
  'no value of the annotation': ['PATCH', POD, { metadata: { annotations: { [KEY]: '' } } }],
  'another annotation of its prefix': [
    'PATCH',
    POD,
    { metadata: { annotations: { 'delivery.tokens.osg-htc.org/other': NOW } } },
  ],
  'a finalizer': ['PATCH', POD, nudge({ finalizers: ['example.com/stay'] })],
  'an owner': ['PATCH', POD, nudge({ ownerReferences: [OWNER] })],
  'no field managers': ['PATCH', POD, nudge({ managedFields: [{}] })],
  'a field manager that applied a label': ['PATCH', POD, labelsManagedBy('flux', 'Apply')],
  'a field manager of our name that applied a label': [
    'PATCH',
    POD,
    labelsManagedBy('jwt-injector', 'Apply'),
  ],
  'a field manager that updated a label': ['PATCH', POD, labelsManagedBy('somebody', 'Update')],
  'an image': ['PATCH', POD, container({ image: 'busybox:other' })],
  'a toleration': [
    'PATCH',
    POD,
    (pod: Loose) => spec({ tolerations: [...pod.spec.tolerations, { operator: 'Exists' }] }),
  ],
  'a deadline': ['PATCH', POD, spec({ activeDeadlineSeconds: 1 })],
  'its status': ['PATCH', `${POD}/status`, { status: { phase: 'Failed' } }],
  'a nudge by its status': ['PATCH', `${POD}/status`, nudge()],
  'a debug container': [
    'PATCH',
    `${POD}/ephemeralcontainers`,
    { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } },
  ],
  'other resources': ['PATCH', `${POD}/resize`, container({ resources: { requests: { cpu: '2' } } })],
  'another node': [
    'POST',
    `${POD}/binding`,
    {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'target' },
      target: { kind: 'Node', name: 'elsewhere' },
    },
  ],
  'an eviction': [
    'POST',
    `${POD}/eviction`,
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'target', namespace: NAMESPACE } },
  ],
  'a command in it': ['POST', `${POD}/exec?command=id&container=main&stdout=true`],
  'its standard streams': ['POST', `${POD}/attach?container=main&stdout=true`],
  'its ports': ['POST', `${POD}/portforward`],
  'requests to it': ['GET', `${POD}/proxy/`],
  'its end': ['DELETE', POD],
  'the end of all': ['DELETE', PODS],
  'another pod': ['POST', PODS, parse(podOnNode({ namespace: NAMESPACE, name: 'new' }, NAMESPACE, []))],
} satisfies Readonly<Record<string, PodRequest>>;
