import { readAddress } from './read-address.ts';
import type { Settings } from './settings.ts';
import { parseIps, parseSecretName, type Address } from './values.ts';

/** Settings of the admission half. */
export interface WebhookConfig {
  readonly address: Address;
  /** The addresses to listen at instead of every one; only without a host in `address`. */
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

/** The source of the webhook's certificate: files of others, or a Secret that jwt-injector writes itself. */
export type CertificateConfig =
  | { readonly from: 'files'; readonly certFile: string; readonly keyFile: string }
  | { readonly from: 'secret'; readonly name: string };

/** Settings of the admission half. */
export function readWebhook(settings: Settings, namespaces: readonly string[] | undefined): WebhookConfig {
  const address = readAddress(settings, 'webhook-address');
  return {
    address,
    ips: readIps(settings, address),
    sharesPort: settings.isOn('share-webhook-port'),
    certificate: readCertificateConfig(settings),
    usesNamespaceDefault: takesNamespaceDefault(settings, namespaces),
  };
}

/** Whether the label of a namespace names the token of pods that name none. */
export function takesNamespaceDefault(
  settings: Settings,
  namespaces: readonly string[] | undefined,
): boolean {
  return !settings.isOn('no-namespace-default') && namespaces === undefined;
}

function readIps(settings: Settings, { host }: Address): WebhookConfig['ips'] {
  if (settings.text('webhook-ips') === undefined) return undefined;
  const ips = settings.parsed('webhook-ips', parseIps, 'IP addresses, separated by commas', undefined);
  if (host !== undefined)
    settings.refuse(
      ['webhook-ips', 'webhook-address'],
      '--webhook-ips takes the place of the host in --webhook-address: leave the host out, as in :8443',
    );
  return ips;
}

/** Reads the source of the certificate: files if one is named, and then it is a problem that the other one is not. */
export function readCertificateConfig(settings: Settings): CertificateConfig {
  const name = settings.parsed('tls-secret', parseSecretName, 'the name of a Secret', '');
  const certFile = settings.text('tls-cert-file');
  const keyFile = settings.text('tls-key-file');
  if (certFile === undefined && keyFile === undefined) return { from: 'secret', name };
  if (certFile === undefined || keyFile === undefined)
    settings.refuse(
      ['tls-cert-file', 'tls-key-file'],
      '--tls-cert-file and --tls-key-file belong together: set both, or none for a self-issued certificate',
    );
  return { from: 'files', certFile: certFile ?? '', keyFile: keyFile ?? '' };
}
