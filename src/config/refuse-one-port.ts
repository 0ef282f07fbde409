import type { WebhookConfig } from './read-webhook.ts';
import type { Settings } from './settings.ts';
import type { Address } from './values.ts';

/** Hosts that stand for every address, as none does. */
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** HTTPS and HTTP cannot both listen at one port of one address: that would be known only once one of them did. */
export function refuseOnePort(
  settings: Settings,
  { address, ips }: Pick<WebhookConfig, 'address' | 'ips'>,
  http: Address,
): void {
  const hosts = ips ?? [address.host];
  const isShared = isEverywhere(http.host) || hosts.some((host) => isEverywhere(host) || host === http.host);
  if (address.port === 0 || address.port !== http.port || !isShared) return;
  settings.refuse(
    ['webhook-address', 'webhook-ips', 'http-address'],
    `--webhook-address and --http-address have the same port ${http.port}: choose another one for one of them`,
  );
}

function isEverywhere(host: string | undefined): boolean {
  return host === undefined || EVERYWHERE.has(host);
}
