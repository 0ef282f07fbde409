import type { Values } from './helm.ts';
import type { Overlay } from './rendered.ts';

/** A setting that an admin can choose, as values of the chart and as a kustomization. */
export interface Wish {
  readonly values: Values;
  readonly overlay: Overlay;
  /** Namespace of the installation; default: jwt-injector. */
  readonly namespace?: string;
}

/** The file of docs/install.md that names the namespaces for the component. */
const NAMESPACES = `
apiVersion: v1
kind: JwtInjectorNamespaces
metadata:
  name: all
  annotations:
    config.kubernetes.io/local-config: 'true'
namespaces: [biology, physics]
flag: --namespaces=biology,physics
`;

/** The file of docs/install.md with the policy for JWTs. */
const POLICY = `
apiVersion: v1
kind: JwtInjectorPolicy
metadata:
  name: all
  annotations:
    config.kubernetes.io/local-config: 'true'
forbidInlineKeys: true
minLifetime: 10m
maxLifetime: 24h
allowedIssuers: https://a.example.org/?x=1,https://b.example.org
`;

/** This policy, as values of the chart. */
const POLICY_VALUES = {
  forbidInlineKeys: true,
  minLifetime: '10m',
  maxLifetime: '24h',
  allowedIssuers: ['https://a.example.org/?x=1', 'https://b.example.org'],
};

function rightsIn(namespace: string): string {
  return `namespace: ${namespace}\nresources: [KUSTOMIZE/namespaced]\n`;
}

const IN_SOME_NAMESPACES = {
  'namespaces.yaml': NAMESPACES,
  'biology/kustomization.yaml': rightsIn('biology'),
  'physics/kustomization.yaml': rightsIn('physics'),
};

/** The layer of docs/install.md that moves everything into another namespace. */
const ELSEWHERE = 'namespace: tokens\nresources: [KUSTOMIZE/default]\n';

/** Every component, and the values with the same effect. */
export const WISHES: Readonly<Record<string, Wish>> = {
  'nothing in particular': { values: {}, overlay: { resources: ['default'] } },
  'no fallback webhook': {
    values: { fallbackWebhook: { enabled: false } },
    overlay: { resources: ['default'], components: ['components/without-fallback-webhook'] },
  },
  'no fallback webhook, apart, with the Prometheus operator': {
    values: {
      fallbackWebhook: { enabled: false },
      separate: true,
      certificate: { mode: 'files' },
      monitoring: {
        podMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        serviceMonitor: { enabled: true },
      },
    },
    overlay: {
      resources: ['default'],
      components: [
        'components/certificate-files',
        'components/separate',
        'components/monitoring',
        'components/service-monitor',
        'components/without-fallback-webhook',
      ],
    },
  },
  'limits for JWTs': {
    values: { policy: POLICY_VALUES },
    overlay: {
      resources: ['default', 'policy.yaml'],
      components: ['components/policy'],
      files: { 'policy.yaml': POLICY },
    },
  },
  'limits for JWTs, apart, without fallback webhook': {
    values: { policy: POLICY_VALUES, separate: true, fallbackWebhook: { enabled: false } },
    overlay: {
      resources: ['default', 'policy.yaml'],
      components: ['components/separate', 'components/policy', 'components/without-fallback-webhook'],
      files: { 'policy.yaml': POLICY },
    },
  },
  'a certificate from files': {
    values: { certificate: { mode: 'files' } },
    overlay: { resources: ['default'], components: ['components/certificate-files'] },
  },
  'webhook and controller apart': {
    values: { separate: true },
    overlay: { resources: ['default'], components: ['components/separate'] },
  },
  'a certificate of cert-manager': {
    values: { certificate: { mode: 'cert-manager' } },
    overlay: { resources: ['default'], components: ['components/cert-manager'] },
  },
  'a certificate that cert-manager issues, and nobody uses yet': {
    values: { certificate: { mode: 'cert-manager', takeOver: 'issue' } },
    overlay: { resources: ['default'], components: ['components/cert-manager/issue'] },
  },
  'a certificate of cert-manager, with caBundle as it is': {
    values: { certificate: { mode: 'cert-manager', takeOver: 'serve' } },
    overlay: { resources: ['default'], components: ['components/cert-manager/serve'] },
  },
  'the Prometheus operator, by pods': {
    values: { monitoring: { podMonitor: { enabled: true }, prometheusRule: { enabled: true } } },
    overlay: { resources: ['default'], components: ['components/monitoring'] },
  },
  'the Prometheus operator, by Service': {
    values: { monitoring: { serviceMonitor: { enabled: true } } },
    overlay: { resources: ['default'], components: ['components/service-monitor'] },
  },
  'a check of the result, and a dashboard': {
    values: { finalStatePolicy: { enabled: true }, monitoring: { dashboard: { enabled: true } } },
    overlay: { resources: ['default', 'final-state-policy'], components: ['components/dashboard'] },
  },
  'no default by namespace label': {
    values: { namespaceDefault: false, finalStatePolicy: { enabled: true } },
    overlay: {
      resources: ['default', 'final-state-policy'],
      components: ['components/without-namespace-default'],
    },
  },
  'no default by namespace label, apart, without fallback webhook': {
    values: { namespaceDefault: false, separate: true, fallbackWebhook: { enabled: false } },
    overlay: {
      resources: ['default'],
      components: [
        'components/separate',
        'components/without-namespace-default',
        'components/without-fallback-webhook',
      ],
    },
  },
  'another namespace': {
    namespace: 'tokens',
    values: { finalStatePolicy: { enabled: true } },
    overlay: {
      resources: ['elsewhere', 'final-state-policy'],
      components: ['components/other-namespace'],
      files: { 'elsewhere/kustomization.yaml': ELSEWHERE },
    },
  },
  'another namespace, with a certificate of cert-manager': {
    namespace: 'tokens',
    values: { certificate: { mode: 'cert-manager' } },
    overlay: {
      resources: ['elsewhere'],
      components: ['components/other-namespace'],
      files: {
        'elsewhere/kustomization.yaml': `${ELSEWHERE}components: [KUSTOMIZE/components/cert-manager]\n`,
      },
    },
  },
  'another namespace, with prompt delivery': {
    namespace: 'tokens',
    values: { promptDelivery: { enabled: true }, separate: true },
    overlay: {
      resources: ['elsewhere'],
      components: ['components/prompt-delivery', 'components/other-namespace'],
      files: {
        'elsewhere/kustomization.yaml': `${ELSEWHERE}components: [KUSTOMIZE/components/separate]\n`,
      },
    },
  },
  'some namespaces, with Roles': {
    values: { namespaces: ['biology', 'physics'], certificate: { mode: 'files' } },
    overlay: {
      resources: ['default', 'namespaces.yaml', 'biology', 'physics'],
      components: ['components/certificate-files', 'components/namespaced'],
      files: IN_SOME_NAMESPACES,
    },
  },
  'prompt delivery': {
    values: { promptDelivery: { enabled: true } },
    overlay: { resources: ['default'], components: ['components/prompt-delivery'] },
  },
  'prompt delivery, apart, in some namespaces': {
    values: {
      promptDelivery: { enabled: true },
      namespaces: ['biology', 'physics'],
      separate: true,
      certificate: { mode: 'files' },
    },
    overlay: {
      resources: ['default', 'namespaces.yaml', 'biology', 'physics'],
      components: [
        'components/certificate-files',
        'components/separate',
        'components/namespaced',
        'components/prompt-delivery',
      ],
      files: IN_SOME_NAMESPACES,
    },
  },
  'apart in a lower layer, in some namespaces': {
    values: { namespaces: ['biology', 'physics'], separate: true, certificate: { mode: 'files' } },
    overlay: {
      resources: ['lower', 'namespaces.yaml', 'biology', 'physics'],
      components: ['components/certificate-files', 'components/namespaced'],
      files: {
        'lower/kustomization.yaml':
          'resources: [KUSTOMIZE/default]\ncomponents: [KUSTOMIZE/components/separate]\n',
        ...IN_SOME_NAMESPACES,
      },
    },
  },
  'another namespace, with some namespaces': {
    namespace: 'tokens',
    values: {
      namespaces: ['biology', 'physics'],
      certificate: { mode: 'files' },
      promptDelivery: { enabled: true },
      finalStatePolicy: { enabled: true },
    },
    overlay: {
      resources: ['elsewhere', 'final-state-policy', 'namespaces.yaml', 'biology', 'physics'],
      components: [
        'components/certificate-files',
        'components/namespaced',
        'components/prompt-delivery',
        'components/other-namespace',
      ],
      files: { 'elsewhere/kustomization.yaml': ELSEWHERE, ...IN_SOME_NAMESPACES },
    },
  },
  'another namespace, apart, with some namespaces': {
    namespace: 'tokens',
    values: { namespaces: ['biology', 'physics'], separate: true, certificate: { mode: 'files' } },
    overlay: {
      resources: ['elsewhere', 'namespaces.yaml', 'biology', 'physics'],
      components: ['components/certificate-files', 'components/namespaced', 'components/other-namespace'],
      files: {
        'elsewhere/kustomization.yaml': `${ELSEWHERE}components: [KUSTOMIZE/components/separate]\n`,
        ...IN_SOME_NAMESPACES,
      },
    },
  },
  'apart, in some namespaces': {
    values: {
      namespaces: ['biology'],
      separate: true,
      certificate: { mode: 'files' },
      finalStatePolicy: { enabled: true },
    },
    overlay: {
      resources: ['default', 'final-state-policy', 'namespaces.yaml', 'biology'],
      components: ['components/certificate-files', 'components/separate', 'components/namespaced'],
      files: {
        'namespaces.yaml': NAMESPACES.replaceAll(/, ?physics/g, ''),
        'biology/kustomization.yaml': rightsIn('biology'),
      },
    },
  },
};
