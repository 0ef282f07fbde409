import { readPolicy } from './read-policy.ts';
import { Settings } from './settings.ts';
import {
  LOG_LEVELS,
  parseAddress,
  parseCount,
  parseIps,
  parseLogLevel,
  parseName,
  parseNamespace,
  parseNamespaces,
  type Address,
  type LogLevel,
} from './values.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import { parseGoDuration } from '../time/format-time.ts';
import type { Milliseconds } from '../time/units.ts';

/** Settings of `jwt-injector run`. */
export interface Config {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Kubernetes sets this variable in every container: it says that this process is in a pod, not where its cluster is. */
  readonly isInPod: boolean;
  readonly webhook: WebhookConfig | undefined;
  readonly controller: ControllerConfig | undefined;
  /** The only namespaces to look at, with Roles alone; `undefined` = all. Not empty. */
  readonly namespaces: readonly string[] | undefined;
  /** What JWTs may ask for; both halves obey it. */
  readonly policy: SigningPolicy;
  readonly httpAddress: Address;
  readonly logLevel: LogLevel;
}

/** Settings of the admission half. */
export interface WebhookConfig {
  readonly address: Address;
  /** Where to listen instead of at every address; only without a host in `address`. */
  readonly ips: readonly [string, ...string[]] | undefined;
  /** Whether another process may listen on the same port. */
  readonly sharesPort: boolean;
  readonly certificate: CertificateConfig;
  /**
   * Whether the default by namespace label is in use; without it (and without a controller) no cluster is needed.
   * Never with `namespaces`: Namespaces themselves can be read with a ClusterRole only.
   */
  readonly usesNamespaceDefault: boolean;
}

/** Where the webhook's certificate comes from: files of others, or a Secret that jwt-injector writes itself. */
export type CertificateConfig =
  | { readonly from: 'files'; readonly certFile: string; readonly keyFile: string }
  | { readonly from: 'secret'; readonly name: string };

/** Settings of the reconcile half. */
export interface ControllerConfig {
  /** JWTs worked on at once, and so writes in flight. */
  readonly workers: number;
  /** Namespace meant when a JWT names a key Secret without one; `undefined` = the JWT's own. */
  readonly legacyKeyNamespace: string | undefined;
  /** Whether pods are nudged when their Secret is renewed. */
  readonly promptDelivery: boolean;
  /** Leader election; durations as in client-go. */
  readonly lease: LeaseConfig;
}

/** Leader election; durations in milliseconds, the longest first. */
export interface LeaseConfig {
  /** Namespace of the Lease; `undefined` = the service's own. */
  readonly namespace: string | undefined;
  readonly duration: Milliseconds;
  readonly renewDeadline: Milliseconds;
  readonly retryPeriod: Milliseconds;
}

/**
 * Reads flags and environment; flags win. Names every problem at once, one sentence each: a value of a wrong form also
 * where its half is switched off, since it was set for a reason.
 */
export function parseConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Result<Config, readonly string[]> {
  const settings = new Settings(args, environment);
  const namespaces = readNamespaces(settings);
  const noWebhook = settings.isOn('no-webhook');
  const noController = settings.isOn('no-controller');
  if (noWebhook && noController)
    settings.refuse('--no-webhook and --no-controller together leave nothing to do: remove one of them');
  const address = readAddress(settings, 'webhook-address');
  const ips = readIps(settings, address);
  const controller = readController(settings);
  const config: Config = {
    kubeconfig: settings.text('kubeconfig'),
    context: settings.text('context'),
    isInPod: environment['KUBERNETES_SERVICE_HOST'] !== undefined,
    webhook: noWebhook ? undefined : { address, ips, ...readWebhook(settings, namespaces) },
    controller: noController ? undefined : controller,
    namespaces,
    policy: readPolicy(settings),
    httpAddress: readAddress(settings, 'http-address'),
    logLevel: settings.parsed('log-level', parseLogLevel, `one of ${LOG_LEVELS.join(', ')}`, 'info'),
  };
  return settings.problems.length === 0 ? ok(config) : fail(settings.problems);
}

function readNamespaces(settings: Settings): Config['namespaces'] {
  if (settings.text('namespaces') === undefined) return undefined;
  return settings.parsed('namespaces', parseNamespaces, 'names of namespaces, separated by commas', []);
}

function readNamespace(
  settings: Settings,
  name: 'legacy-key-namespace' | 'lease-namespace',
): string | undefined {
  if (settings.text(name) === undefined) return undefined;
  return settings.parsed(name, parseNamespace, 'the name of a namespace', '');
}

function readWebhook(
  settings: Settings,
  namespaces: Config['namespaces'],
): Omit<WebhookConfig, 'address' | 'ips'> {
  return {
    sharesPort: settings.isOn('share-webhook-port'),
    certificate: readCertificateConfig(settings, namespaces),
    usesNamespaceDefault: !settings.isOn('no-namespace-default') && namespaces === undefined,
  };
}

function readIps(settings: Settings, { host }: Address): WebhookConfig['ips'] {
  if (settings.text('webhook-ips') === undefined) return undefined;
  if (host !== undefined)
    settings.refuse(
      '--webhook-ips takes the place of the host in --webhook-address: leave the host out, as in :8443',
    );
  return settings.parsed('webhook-ips', parseIps, 'IP addresses, separated by commas', undefined);
}

function readCertificateConfig(settings: Settings, namespaces: Config['namespaces']): CertificateConfig {
  const name = settings.parsed('tls-secret', parseName, 'the name of a Secret', '');
  const certFile = settings.text('tls-cert-file');
  const keyFile = settings.text('tls-key-file');
  if (certFile !== undefined && keyFile !== undefined) return { from: 'files', certFile, keyFile };
  if (certFile !== undefined || keyFile !== undefined)
    settings.refuse(
      '--tls-cert-file and --tls-key-file belong together: set both, or none for a self-issued certificate',
    );
  else if (namespaces !== undefined)
    settings.refuse(
      '--namespaces needs --tls-cert-file and --tls-key-file: a self-issued certificate takes rights on webhook configurations, which have no namespace (or --no-webhook)',
    );
  return { from: 'secret', name };
}

function readController(settings: Settings): ControllerConfig {
  return {
    workers: settings.parsed('workers', parseCount, 'a whole number from 1 to 1024', 1),
    legacyKeyNamespace: readNamespace(settings, 'legacy-key-namespace'),
    promptDelivery: settings.isOn('prompt-delivery'),
    lease: readLeaseConfig(settings),
  };
}

function readLeaseConfig(settings: Settings): LeaseConfig {
  const lease = {
    namespace: readNamespace(settings, 'lease-namespace'),
    duration: readDuration(settings, 'lease-duration'),
    renewDeadline: readDuration(settings, 'renew-deadline'),
    retryPeriod: readDuration(settings, 'retry-period'),
  };
  if (lease.duration <= lease.renewDeadline || lease.renewDeadline <= lease.retryPeriod * 1.2)
    settings.refuse(
      '--lease-duration must be longer than --renew-deadline, and that longer than 1.2 × --retry-period',
    );
  return lease;
}

function readAddress(settings: Settings, name: 'webhook-address' | 'http-address'): Address {
  return settings.parsed(name, parseAddress, 'host:port or :port', { host: undefined, port: 0 });
}

function readDuration(
  settings: Settings,
  name: 'lease-duration' | 'renew-deadline' | 'retry-period',
): Milliseconds {
  return settings.parsed(name, parseGoDuration, 'a duration such as 15s or 1m30s', 0);
}
