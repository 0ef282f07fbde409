import {
  arrayMember,
  member,
  objectMember,
  stringMap,
  stringMember,
  type JsonObject,
} from '../resources/json.ts';
import { testVersion, type PatchStep } from '../resources/json-patch.ts';
import { GROUP } from '../resources/names.ts';

/** The two kinds of webhook configurations. */
export type ConfigurationKind = 'mutating' | 'validating';

/** A webhook configuration (admissionregistration.k8s.io/v1), as far as certificates go. */
export interface WebhookConfiguration {
  readonly kind: ConfigurationKind;
  readonly resourceVersion: string;
  /** An annotation by which cert-manager's injector keeps `caBundle`. */
  readonly injector: string | undefined;
  /** Ours; entries of other names are not touched. */
  readonly entries: readonly WebhookEntry[];
}

/** One entry of ours. */
export interface WebhookEntry {
  /** The place in the list of all entries. */
  readonly index: number;
  readonly name: string;
  /** The name that the API server expects in the certificate: a DNS name or an IP address. */
  readonly host: string | undefined;
  /** PEM text; empty when the entry has no caBundle. */
  readonly caBundle: string;
}

/** The new `caBundle` of one entry, base64 not yet applied. */
export interface BundleChange {
  readonly index: number;
  readonly name: string;
  readonly caBundle: string;
}

/** cert-manager's injector acts on `inject-ca-from`, `inject-ca-from-secret` and `inject-apiserver-ca`. */
const INJECTOR = /^cert-manager\.io\/inject-(?:ca-from|ca-from-secret|apiserver-ca)$/;
/** The names that a certificate can have: RFC 1123 names, IPv4 and IPv6 addresses. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f.:]{2,45})$/;
/** The most entries that are read: ours are five, and others may have been added. */
export const MAX_WEBHOOK_ENTRIES = 64;

/** Reads the wire object. */
export function readConfiguration(object: JsonObject, kind: ConfigurationKind): WebhookConfiguration {
  const metadata = objectMember(object, 'metadata');
  const entries = arrayMember(object, 'webhooks')
    .slice(0, MAX_WEBHOOK_ENTRIES)
    .map(readEntry)
    .filter((entry) => entry.name.endsWith(`.${GROUP}`));
  return {
    kind,
    resourceVersion: stringMember(metadata, 'resourceVersion') ?? '',
    injector: Object.keys(stringMap(member(metadata, 'annotations'))).find((key) => INJECTOR.test(key)),
    entries,
  };
}

function readEntry(entry: unknown, index: number): WebhookEntry {
  const config = objectMember(entry, 'clientConfig');
  const host = hostOf(config);
  return {
    index,
    name: stringMember(entry, 'name') ?? '',
    host: host !== undefined && HOST.test(host) ? host : undefined,
    caBundle: Buffer.from(stringMember(config, 'caBundle') ?? '', 'base64').toString(),
  };
}

/** The API server calls a Service by this name, whatever address it dials. */
function hostOf(config: JsonObject | undefined): string | undefined {
  const service = objectMember(config, 'service');
  const url = stringMember(config, 'url');
  if (service !== undefined)
    return `${stringMember(service, 'name') ?? ''}.${stringMember(service, 'namespace') ?? ''}.svc`;
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
}

/** Whether a host is an IP address: certificates name those in another way than DNS names. */
export function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

/** A JSON patch that changes these bundles if the configuration is still the one that was read. */
export function patchBundles(
  { resourceVersion }: WebhookConfiguration,
  changes: readonly BundleChange[],
): readonly PatchStep[] {
  return [
    testVersion(resourceVersion),
    ...changes.flatMap(({ index, name, caBundle }): readonly PatchStep[] => [
      { op: 'test', path: `/webhooks/${index}/name`, value: name },
      {
        op: 'add',
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value: Buffer.from(caBundle).toString('base64'),
      },
    ]),
  ];
}
