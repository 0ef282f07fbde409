import { needsCluster, type Halves } from './needs-cluster.ts';
import type { FlagName } from './run-flags.ts';
import type { Settings } from './settings.ts';

const OF_WEBHOOK: readonly FlagName[] = [
  'webhook-address',
  'webhook-ips',
  'share-webhook-port',
  'tls-secret',
  'tls-cert-file',
  'tls-key-file',
  'no-namespace-default',
];
const OF_CONTROLLER: readonly FlagName[] = [
  'workers',
  'legacy-key-namespace',
  'prompt-delivery',
  'lease-namespace',
  'lease-duration',
  'renew-deadline',
  'retry-period',
];
const OF_CLUSTER: readonly FlagName[] = ['kubeconfig', 'context'];

/** The flags that were given, by argument or variable, to a part that is off: somebody expects something of them. */
export function listWithoutEffect(settings: Settings, halves: Halves): readonly FlagName[] {
  const { webhook, controller } = halves;
  const idle: readonly FlagName[] = [
    ...(webhook === undefined ? OF_WEBHOOK : []),
    ...(webhook?.certificate.from === 'files' ? (['tls-secret'] as const) : []),
    ...(controller === undefined ? OF_CONTROLLER : []),
    ...(needsCluster(halves) ? [] : OF_CLUSTER),
  ];
  return idle.filter((name) => settings.isGiven(name));
}
