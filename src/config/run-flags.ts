import type { Flags } from './flag.ts';
import { TLS_SECRET } from '../resources/names.ts';
import { LOG_LEVELS } from './values.ts';

/**
 * Every flag of `run`. Each can be set by an environment variable: JWT_INJECTOR_ and its name, upper case, dashes as
 * underscores.
 */
export const RUN_FLAGS = {
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    help: 'kubeconfig (default: $KUBECONFIG, or the ServiceAccount of the pod)',
  },
  context: { type: 'string', value: 'NAME', help: 'context of the kubeconfig' },
  'webhook-address': {
    type: 'string',
    value: 'ADDRESS',
    default: ':8443',
    help: 'where the admission webhook listens (HTTPS)',
  },
  'webhook-ips': {
    type: 'string',
    value: 'IP,IP',
    help: 'listen there at these addresses only, such as those of the pod\n(status.podIPs), instead of at every one',
  },
  'share-webhook-port': {
    type: 'boolean',
    help: 'share the port with another process of the same user;\nthis one takes connections to addresses that no --webhook-ips names',
  },
  'http-address': {
    type: 'string',
    value: 'ADDRESS',
    default: ':8080',
    help: 'where /livez, /readyz and /metrics are (plain HTTP)',
  },
  'tls-secret': {
    type: 'string',
    value: 'NAME',
    default: TLS_SECRET,
    help: 'Secret of the certificate that jwt-injector issues for itself,\nin the namespace of the pod',
  },
  'tls-cert-file': {
    type: 'string',
    value: 'FILE',
    help: 'certificate chain of the webhook, PEM, instead of a self-issued one',
  },
  'tls-key-file': { type: 'string', value: 'FILE', help: 'private key of that certificate, PEM' },
  'log-level': { type: 'string', value: 'LEVEL', default: 'info', help: LOG_LEVELS.join(', ') },
  namespaces: {
    type: 'string',
    value: 'A,B',
    help: 'work in these namespaces only, with Roles instead of a ClusterRole\n(and without the namespace default)',
  },
  workers: { type: 'string', value: 'N', default: '32', help: 'JWTs worked on at the same time' },
  'legacy-key-namespace': {
    type: 'string',
    value: 'NS',
    help: 'namespace of key Secrets for JWTs that name none\n(default: the namespace of the JWT)',
  },
  'forbid-inline-keys': { type: 'boolean', help: 'refuse JWTs that hold their private key themselves' },
  'min-lifetime': {
    type: 'string',
    value: 'DURATION',
    help: 'refuse JWTs whose tokens have a shorter lifetime than this',
  },
  'max-lifetime': {
    type: 'string',
    value: 'DURATION',
    help: 'refuse JWTs whose tokens have a longer lifetime than this',
  },
  'allowed-issuers': {
    type: 'string',
    value: 'URL,URL',
    help: 'refuse JWTs with an issuer other than these, byte for byte',
  },
  'prompt-delivery': {
    type: 'boolean',
    help: 'have pods see a new token within a second or two, by an annotation on them\n(needs the right to list, watch and patch pods: docs/install.md)',
  },
  'lease-namespace': {
    type: 'string',
    value: 'NS',
    help: 'namespace of the Lease for leader election\n(default: the namespace of the pod)',
  },
  'lease-duration': {
    type: 'string',
    value: 'DURATION',
    default: '15s',
    help: 'how long a Lease is valid without being renewed',
  },
  'renew-deadline': {
    type: 'string',
    value: 'DURATION',
    default: '10s',
    help: 'how long the leader tries to renew its Lease before it gives up',
  },
  'retry-period': {
    type: 'string',
    value: 'DURATION',
    default: '2s',
    help: 'how often to renew the Lease, or to try to acquire it',
  },
  'no-webhook': { type: 'boolean', help: 'only keep tokens fresh' },
  'no-controller': { type: 'boolean', help: 'only answer admission reviews' },
  'no-namespace-default': { type: 'boolean', help: 'do not read the labels of namespaces' },
} as const satisfies Flags;

/** A name of `RUN_FLAGS`. */
export type FlagName = keyof typeof RUN_FLAGS;

/** `webhook-address` → `JWT_INJECTOR_WEBHOOK_ADDRESS`. */
export function environmentName(flag: string): string {
  return `JWT_INJECTOR_${flag.toUpperCase().replaceAll('-', '_')}`;
}
