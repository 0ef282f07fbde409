import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { askApi } from './api-request.ts';
import type { Cluster } from './cluster.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { waitUntil } from './wait-until.ts';

const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/jwts.tokens.osg-htc.org';
const ESTABLISHED_WITHIN_MS = 30_000;

/** The fields of a CustomResourceDefinition that are needed here. */
interface CustomResourceDefinition {
  readonly status?: {
    /** Null right after the creation. */
    readonly conditions: readonly { readonly type: string; readonly status: string }[] | null;
  };
}

/** The checkout whose manifests are installed by default. */
const ROOT = join(import.meta.dirname, '../..');

/**
 * The webhook's port on loopback, and the PEM text of the certificate authority; `undefined` for a service
 * that sets `caBundle` itself.
 */
export type WebhookPlace = { readonly webhookPort: number; readonly caBundle: string | undefined };

/** A parsed YAML document. */
export type Manifest = Readonly<Record<string, unknown>>;

/**
 * Adapts the shipped manifests to a cluster without nodes. There are only two differences: each webhook's
 * `clientConfig.service` becomes a `url` with the same path, with `caBundle` if there is one; and Deployments
 * are left out, as the service runs beside the cluster. Pure; the input is not changed.
 */
export function fitManifests(manifests: readonly Manifest[], place: WebhookPlace): Manifest[] {
  return manifests
    .filter((manifest) => manifest['kind'] !== 'Deployment')
    .map((manifest) => fitWebhooks(manifest, place));
}

/** The manifests of one folder below `deploy/kustomize` of a checkout, as `kubectl kustomize` renders them. */
export async function renderShipped(
  controlPlane: Pick<Cluster, 'kubectl'>,
  folder: string,
  root = ROOT,
): Promise<Manifest[]> {
  const { stdout } = await controlPlane.kubectl(['kustomize', join(root, 'deploy/kustomize', folder)]);
  return parseAllDocuments(stdout).map((document) => {
    const manifest: unknown = document.toJS();
    if (!isManifest(manifest))
      throw new ControlPlaneError(`deploy/kustomize/${folder} renders to something else than objects`);
    return manifest;
  });
}

/** Applies the shipped CRD and waits until the API server serves it. Gives the YAML text that it applied. */
export async function installCrd(
  controlPlane: Pick<Cluster, 'kubectl' | 'apply' | 'access'>,
  root = ROOT,
): Promise<string> {
  const text = toYaml(await renderShipped(controlPlane, 'crd', root));
  await controlPlane.apply(text);
  await waitUntil('the CRD to be established', ESTABLISHED_WITHIN_MS, async () => {
    const { status, body } = await askApi(controlPlane.access, 'GET', CRD_PATH);
    if (status !== 200) throw new ControlPlaneError(`the CRD cannot be read (${status}): ${body}`);
    const conditions = (JSON.parse(body) as CustomResourceDefinition).status?.conditions ?? [];
    return conditions.some(({ type, status: value }) => type === 'Established' && value === 'True');
  });
  return text;
}

/**
 * Installs CRD, RBAC, Service and webhooks as shipped except for `fitManifests`, so that the service can run
 * beside the cluster as ServiceAccount `jwt-injector` of namespace `jwt-injector`. The API server uses a
 * webhook configuration about a second later: wait for the effect with a dry-run pod. Gives the YAML text
 * that it applied.
 */
export async function installShipped(
  controlPlane: Pick<Cluster, 'kubectl' | 'apply' | 'access'>,
  place: WebhookPlace,
  root = ROOT,
): Promise<string> {
  const crd = await installCrd(controlPlane, root);
  const text = toYaml(fitManifests(await renderShipped(controlPlane, 'default', root), place));
  await controlPlane.apply(text);
  return `${crd}---\n${text}`;
}

function fitWebhooks(manifest: Manifest, place: WebhookPlace): Manifest {
  const { webhooks } = manifest;
  if (!Array.isArray(webhooks)) return manifest;
  return { ...manifest, webhooks: webhooks.map((webhook: unknown) => pointToLoopback(webhook, place)) };
}

function pointToLoopback(webhook: unknown, { webhookPort, caBundle }: WebhookPlace): unknown {
  if (!isManifest(webhook) || !isManifest(webhook['clientConfig'])) return webhook;
  const { service, ...rest } = webhook['clientConfig'];
  if (!isManifest(service)) return webhook;
  const path = typeof service['path'] === 'string' ? service['path'] : '/'; // the API server's default
  const url = `https://127.0.0.1:${webhookPort}${path}`;
  const bundle = caBundle === undefined ? {} : { caBundle: Buffer.from(caBundle).toString('base64') };
  return { ...webhook, clientConfig: { ...rest, url, ...bundle } };
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toYaml(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest)).join('---\n');
}
