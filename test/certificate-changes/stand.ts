import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askApi } from '../controlplane/api-request.ts';
import { findProgram } from '../controlplane/choose-entry.ts';
import type { Service } from '../controlplane/service.ts';
import type { CertManager } from '../deploy/cert-manager.ts';
import { execute } from '../runs/execute.ts';
import type { Chart } from './chart.ts';
import { NAMESPACE, type Scene } from './scene.ts';
import { replaceServed } from './served.ts';

/** The scene with its replicas, and the tools of an administrator. */
export interface Stand {
  readonly scene: Scene;
  readonly chart: Chart;
  readonly certManager: Pick<CertManager, 'authorities'>;
  replicas: readonly Service[];
}

/** One kind of change of the certificate, made while pods are created. */
export interface Change {
  readonly title: string;
  /** Resolves when every replica serves the certificate that it should. */
  readonly make: (stand: Stand) => Promise<void>;
}

/** Both wait 30 s and more for the API servers, on a machine that can have other work. */
const SERVED_WITHIN_MS = 180_000;
/** On a real node, a mounted Secret follows the Secret after up to 84 s. */
const KUBELET_MS = 20_000;

/** Makes a change, and waits until all replicas serve another certificate. */
export function whenServed({ replicas }: Stand, change: () => Promise<void>): Promise<void> {
  return replaceServed(replicas, change, SERVED_WITHIN_MS);
}

/**
 * Replaces the replicas as a Deployment does with maxUnavailable 0: a new one is ready before an old one is
 * stopped.
 */
export async function replaceReplicas(stand: Stand, args: readonly string[]): Promise<void> {
  const replicas: Service[] = [];
  for (const old of stand.replicas) {
    replicas.push(await stand.scene.startReplica(args));
    const code = await stand.scene.stopReplica(old);
    if (code !== 0) throw new Error(`a replica ended with ${code} after SIGTERM`);
  }
  stand.replicas = replicas;
}

/**
 * Runs `jwt-injector certs trust` with the PEM text of a CA as an administrator does. It has a process of its
 * own: loading its modules would block the balancer.
 */
export async function trust({ scene }: Stand, ca: string, ...flags: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(scene.cluster.folder, 'trust-'));
  const file = join(folder, 'ca.crt');
  await writeFile(file, ca);
  const env = { ...process.env, KUBECONFIG: scene.cluster.adminKubeconfig };
  await execute(process.execPath, [await findProgram(), 'certs', 'trust', file, ...flags], { env });
}

/** The texts in a Secret of jwt-injector's namespace, by key; no keys if it does not exist. */
export async function readSecretTexts(
  { scene }: Stand,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${name}`;
  const { status, body } = await askApi(scene.cluster.access, 'GET', path);
  if (status === 404) return {};
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
  const { data = {} } = JSON.parse(body) as { readonly data?: Readonly<Record<string, string>> };
  const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return Object.fromEntries(texts) as Readonly<Record<string, string>>;
}

/** The files of a mounted Secret, as in a pod. */
export interface Mount {
  /** Flags of `run` that name the files. */
  readonly args: readonly string[];
  /** Writes the present data of the Secret into the files after some time, as a kubelet does. */
  follow(): Promise<void>;
}

/**
 * Mounts a Secret with `tls.crt` and `tls.key` for new replicas. Earlier replicas keep files of their own.
 */
export async function mountSecret(stand: Stand, name: string): Promise<Mount> {
  const folder = await mkdtemp(join(stand.scene.cluster.folder, 'mounted-'));
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const write = async (): Promise<void> => {
    const { 'tls.crt': cert = '', 'tls.key': key = '' } = await readSecretTexts(stand, name);
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
  };
  await write();
  return {
    args: [`--tls-cert-file=${certFile}`, `--tls-key-file=${keyFile}`],
    follow: async () => {
      await sleep(KUBELET_MS);
      await write();
    },
  };
}

/** Follows section "Back to self-issued" of docs/certificates.md. */
export async function goBackToSelfIssued(stand: Stand): Promise<void> {
  await stand.chart.upgrade({});
  await replaceReplicas(stand, []);
  const { 'ca.crt': own = '' } = await readSecretTexts(stand, 'jwt-injector-tls');
  await trust(stand, own, '--alone');
}
