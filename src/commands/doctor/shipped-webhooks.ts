import { GROUP, NAMESPACE_DEFAULT_LABEL, PREFIX } from '../../resources/names.ts';

/** One entry as deploy/ ships it, as far as a change of it would be a fault. */
export interface ShippedEntry {
  readonly name: string;
  readonly path: string;
  readonly failurePolicy: 'Fail' | 'Ignore';
  /** The consequence of the other failurePolicy. */
  readonly otherwise: string;
  /** `operations group/resource`, each pair that is sent. */
  readonly rules: readonly string[];
  /** The conditions by name, with all white space as one space. */
  readonly conditions: Readonly<Record<string, string>>;
  /** The selector of namespaces, besides the excluded ones: `key operator values`. */
  readonly selector: readonly string[];
}

const OF_OURS = `annotations.exists(key, key.startsWith('${PREFIX}'))`;
const HAS_TOKEN = `'${PREFIX}token' in annotations`;
const HAS_ANNOTATION = `[object.?metadata.?annotations.orValue({})].exists(annotations, annotations.size() > 1000 ? ${HAS_TOKEN} : ${OF_OURS})`;
const WANTS_A_POD = {
  'not-opted-out': `object.?metadata.?annotations[?'${PREFIX}inject'].orValue('').trim() != 'false'`,
  'no-mirror-pod': "!object.?metadata.?annotations[?'kubernetes.io/config.mirror'].hasValue()",
} as const;
const WITHOUT_TOKEN = 'pods start without their token while the webhook does not answer';
const BLOCKS = 'what has nothing to do with tokens may be refused while the webhook does not answer';

/** The entries in the order of the configuration. */
export const MUTATING_ENTRIES: readonly ShippedEntry[] = [
  {
    name: `pods.${GROUP}`,
    path: '/mutate/pods',
    failurePolicy: 'Fail',
    otherwise: WITHOUT_TOKEN,
    rules: ['CREATE /pods'],
    conditions: { 'has-an-annotation-of-ours': HAS_ANNOTATION, ...WANTS_A_POD },
    selector: [],
  },
  {
    name: `namespace-default.${GROUP}`,
    path: '/mutate/pods',
    failurePolicy: 'Fail',
    otherwise: WITHOUT_TOKEN,
    rules: ['CREATE /pods'],
    conditions: { 'has-no-annotation-of-ours': `!${HAS_ANNOTATION}`, ...WANTS_A_POD },
    selector: [`${NAMESPACE_DEFAULT_LABEL} Exists `, `${NAMESPACE_DEFAULT_LABEL} NotIn `],
  },
  {
    name: `ephemeral.${GROUP}`,
    path: '/mutate/pods',
    failurePolicy: 'Ignore',
    otherwise: BLOCKS,
    rules: ['UPDATE /pods/ephemeralcontainers'],
    conditions: {
      'has-an-annotation-or-a-volume-of-ours': `${HAS_ANNOTATION} || object.?spec.?volumes.orValue([]).exists(volume, volume.name.startsWith('jwt-'))`,
    },
    selector: [],
  },
  {
    name: `workloads.${GROUP}`,
    path: '/mutate/workloads',
    failurePolicy: 'Ignore',
    otherwise: BLOCKS,
    rules: [
      ...['deployments', 'statefulsets', 'daemonsets', 'replicasets'].flatMap((kind) => [
        `CREATE apps/${kind}`,
        `UPDATE apps/${kind}`,
      ]),
      ...['jobs', 'cronjobs'].flatMap((kind) => [`CREATE batch/${kind}`, `UPDATE batch/${kind}`]),
    ],
    conditions: {
      'has-an-annotation-of-ours': `[object.?metadata.?annotations.orValue({}), object.?spec.?template.?metadata.?annotations.orValue({}), object.?spec.?jobTemplate.?metadata.?annotations.orValue({}), object.?spec.?jobTemplate.?spec.?template.?metadata.?annotations.orValue({})] .exists(annotations, annotations.size() > 1000 ? ${HAS_TOKEN} || '${PREFIX}copied' in annotations : ${OF_OURS})`,
      'no-controller-owns-it':
        '!object.?metadata.?ownerReferences.orValue([]).exists(owner, owner.?controller.orValue(false))',
    },
    selector: [],
  },
];

/** The entries of the other configuration. */
export const VALIDATING_ENTRIES: readonly ShippedEntry[] = [
  {
    name: `jwts.${GROUP}`,
    path: '/validate/jwts',
    failurePolicy: 'Ignore',
    otherwise: 'no JWT can be written while the webhook does not answer',
    rules: [`CREATE ${GROUP}/jwts`, `UPDATE ${GROUP}/jwts`],
    conditions: {},
    selector: [],
  },
];
