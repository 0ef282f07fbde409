import { APP, GROUP, PLURAL } from '../../resources/names.ts';

/** One right, as a SubjectAccessReview asks for it. */
export interface Right {
  /** The half of the service that needs it. */
  readonly half: 'controller' | 'webhook';
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** The one object that the right is limited to. */
  readonly name?: string;
  /** `own`: that of jwt-injector; `served`: those of the JWTs; `cluster`: it has none. */
  readonly where: 'own' | 'served' | 'cluster';
}

type Rule = Omit<Right, 'verb'> & { readonly verbs: readonly string[] };

const READ = ['get', 'list', 'watch'] as const;
const CONFIGURATIONS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;

const CONTROLLER: readonly Rule[] = [
  { half: 'controller', where: 'served', group: GROUP, resource: PLURAL, verbs: [...READ, 'patch'] },
  {
    half: 'controller',
    where: 'served',
    group: GROUP,
    resource: PLURAL,
    subresource: 'status',
    verbs: ['patch'],
  },
  {
    half: 'controller',
    where: 'served',
    group: '',
    resource: 'secrets',
    verbs: [...READ, 'create', 'patch'],
  },
  {
    half: 'controller',
    where: 'served',
    group: 'events.k8s.io',
    resource: 'events',
    verbs: ['create', 'patch'],
  },
  { half: 'controller', where: 'own', group: 'coordination.k8s.io', resource: 'leases', verbs: ['create'] },
  {
    half: 'controller',
    where: 'own',
    group: 'coordination.k8s.io',
    resource: 'leases',
    name: APP,
    verbs: [...READ, 'patch'],
  },
];

const PROMPT_DELIVERY: Rule = {
  half: 'controller',
  where: 'served',
  group: '',
  resource: 'pods',
  verbs: ['list', 'watch', 'patch'],
};

const READ_NAMESPACES: Rule = {
  half: 'webhook',
  where: 'cluster',
  group: '',
  resource: 'namespaces',
  verbs: READ,
};

/** The rights that deploy/ grants, which are those that the service needs. */
export function shippedRights(needs: {
  readonly usesNamespaceDefault: boolean;
  readonly promptDelivery: boolean;
  /** The Secret of a self-issued certificate. */
  readonly ownCertificate: string | undefined;
}): readonly Right[] {
  const { usesNamespaceDefault, promptDelivery, ownCertificate } = needs;
  const rules = [
    ...CONTROLLER,
    ...(promptDelivery ? [PROMPT_DELIVERY] : []),
    ...(usesNamespaceDefault ? [READ_NAMESPACES] : []),
    ...(ownCertificate === undefined ? [] : certificateRules(ownCertificate)),
  ];
  return rules.flatMap(({ verbs, ...rule }) => verbs.map((verb) => ({ ...rule, verb })));
}

function certificateRules(name: string): readonly Rule[] {
  const secrets = { half: 'webhook', where: 'own', group: '', resource: 'secrets' } as const;
  return [
    { ...secrets, name, verbs: ['list', 'watch', 'patch'] },
    ...CONFIGURATIONS.map((resource): Rule => ({
      half: 'webhook',
      where: 'cluster',
      group: 'admissionregistration.k8s.io',
      resource,
      name: APP,
      verbs: ['list', 'watch', 'patch'],
    })),
  ];
}

/** `patch jwts/status`. */
export function describeRight({ verb, resource, subresource, name }: Right): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}`;
}
