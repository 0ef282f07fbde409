import { KEYS, type Json } from '../admission/pods.ts';
import type { Loose } from './objects.ts';
import { workload } from './workloads.ts';

/** An object, its namespace, and the entry to which the API server sends it, if any. */
export interface SentCase {
  readonly title: string;
  readonly namespace?: string;
  readonly objects: readonly Json[];
  readonly sentTo?: string;
  /** Status of the API server's answer; default: 201. */
  readonly status?: number;
}

const TOKEN = { [KEYS.token]: 'my-jwt' };
const MIRROR = { 'kubernetes.io/config.mirror': 'x' };
/** Fields that the namespace of jwt-injector itself requires. */
const SECURE = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
/** More items than a match condition checks one by one. */
const CROWD = Object.fromEntries(Array.from({ length: 1200 }, (_, index) => [`example.org/a-${index}`, '']));

export function pod(metadata: Json, spec: Json = {}): Json {
  const containers = [{ name: 'app', image: 'busybox', securityContext: SECURE }];
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, ...spec } };
}

/** One object with a name, one with a generated name: then there is no `request.name`. */
function both(annotations?: Json | null): readonly Json[] {
  const metadata = annotations === undefined ? {} : { annotations };
  return [pod({ name: 'p', ...metadata }), pod({ generateName: 'p-', ...metadata })];
}

function mirror(annotations: Json): Json {
  return pod({ name: 'p', annotations: { ...annotations, ...MIRROR } }, { nodeName: 'node' });
}

/** New pods in a namespace without a default. */
export const PODS: readonly SentCase[] = [
  { title: 'no annotations', objects: both() },
  { title: 'annotations that are null', objects: both(null) },
  { title: 'annotations that are empty', objects: both({}) },
  { title: 'annotations of others', objects: both({ 'example.org/token': 'a', token: 'b' }) },
  { title: 'very many annotations of others', objects: both(CROWD) },
  {
    title: 'annotations that only look like ours',
    objects: both({ 'tokens.osg-htc.org.example/token': 'a', 'tokens.osg-htc.org': 'b' }),
  },
  { title: 'a label of ours', objects: [pod({ name: 'p', labels: TOKEN })] },
  { title: 'no metadata at all', objects: [{ apiVersion: 'v1', kind: 'Pod', spec: {} }], status: 422 },
  { title: 'inject "false" beside a token', objects: both({ ...TOKEN, [KEYS.inject]: 'false' }) },
  {
    title: 'inject "false" in white space beside a token',
    objects: [...both({ ...TOKEN, [KEYS.inject]: ' false\n' }), ...both({ ...TOKEN, [KEYS.inject]: 'false\u0085' })],
  },
  { title: 'the mark of a mirror pod beside a token', objects: [mirror(TOKEN)] },
  { title: 'a token, in kube-system,', namespace: 'kube-system', objects: both(TOKEN) },
  { title: 'a token, in our own namespace,', namespace: 'jwt-injector', objects: both(TOKEN) },
  { title: 'a token', objects: both(TOKEN), sentTo: 'pods' },
  { title: 'very many annotations, a token among them,', objects: both({ ...CROWD, ...TOKEN }), sentTo: 'pods' },
  {
    title: 'a misspelt annotation of ours',
    objects: both({ 'tokens.osg-htc.org/tokn': 'a' }),
    sentTo: 'pods',
  },
  {
    title: 'inject "true" beside a token',
    objects: both({ ...TOKEN, [KEYS.inject]: 'true' }),
    sentTo: 'pods',
  },
  {
    title: 'inject "false" beside a token, with a character that does not count as white space,',
    objects: both({ ...TOKEN, [KEYS.inject]: 'false\uFEFF' }),
    sentTo: 'pods',
    status: 400,
  },
  {
    title: 'inject "False" beside a token',
    objects: both({ ...TOKEN, [KEYS.inject]: 'False' }),
    sentTo: 'pods',
    status: 400,
  },
]; // prettier-ignore

const DEFAULT = 'namespace-default';

/** New pods in a namespace with a default: each is sent to one of two entries. */
export const PODS_WITH_DEFAULT: readonly SentCase[] = [
  { title: 'no annotations', objects: both(), sentTo: DEFAULT },
  { title: 'annotations of others', objects: both({ 'example.org/token': 'a' }), sentTo: DEFAULT },
  {
    title: 'very many annotations, settings of ours among them,',
    objects: [...both(CROWD), ...both({ ...CROWD, [KEYS.envVar]: 'X' })],
    sentTo: DEFAULT,
  },
  {
    title: 'very many annotations, a token among them,',
    objects: both({ ...CROWD, ...TOKEN }),
    sentTo: 'pods',
  },
  { title: 'a token of its own', objects: both(TOKEN), sentTo: 'pods' },
  {
    title: 'a token that is empty, blank or only commas',
    objects: ['', ' ', ' ,\n,'].flatMap((token) => both({ [KEYS.token]: token })),
    sentTo: 'pods',
  },
  { title: 'settings without a token', objects: both({ [KEYS.envVar]: 'X' }), sentTo: 'pods' },
  { title: 'inject "true"', objects: both({ [KEYS.inject]: 'true' }), sentTo: 'pods' },
  {
    title: 'inject "false"',
    objects: [...both({ [KEYS.inject]: 'false ' }), ...both({ ...CROWD, [KEYS.inject]: 'false' })],
  },
  { title: 'the mark of a mirror pod', objects: [mirror({})] },
  { title: 'no annotations, where the label is empty,', namespace: 'empty-label', objects: both() },
];

const OWNER = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'x' };

function misplaced(): Json {
  const object: Loose = workload('CronJob');
  object.spec.jobTemplate.metadata = { annotations: TOKEN };
  return object;
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'];

/** New workloads. */
export const WORKLOADS: readonly SentCase[] = [
  ...KINDS.flatMap((kind): SentCase[] => {
    const owned = { ownerReferences: [OWNER, { ...OWNER, name: 'y', controller: true }] };
    const generated = { name: undefined, generateName: 'web-' };
    return [
      {
        title: `${kind} without an annotation of ours, or that a controller owns`,
        objects: [
          workload(kind),
          workload(kind, { annotations: {}, template: {} }),
          workload(kind, { annotations: { a: 'b' }, template: { 'example.org/token': 'c' } }),
          workload(kind, { annotations: CROWD, template: CROWD, metadata: generated }),
          workload(kind, { annotations: TOKEN, template: TOKEN, metadata: owned }),
        ],
      },
      {
        title: `${kind} with an annotation of ours on itself or on its template`,
        objects: [
          workload(kind, { annotations: TOKEN }),
          workload(kind, { template: TOKEN }),
          workload(kind, { annotations: { ...CROWD, ...TOKEN } }),
          workload(kind, { annotations: TOKEN, metadata: generated }),
          workload(kind, { annotations: TOKEN, metadata: { ownerReferences: [OWNER] } }),
        ],
        sentTo: 'workloads',
      },
    ];
  }),
  { title: 'CronJob with a token on its Jobs', objects: [misplaced()], sentTo: 'workloads' },
  { title: 'Deployment without a spec', objects: [{ ...workload('Deployment'), spec: {} }], status: 422 },
  {
    title: 'Deployment with a token, in kube-system,',
    namespace: 'kube-system',
    objects: [workload('Deployment', { annotations: TOKEN })],
  },
];
