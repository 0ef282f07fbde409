import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

/** Content of a kubeconfig; `ca` is PEM text. */
export type KubeconfigContent = {
  readonly url: string;
  readonly ca: string;
  readonly user: string;
  readonly token: string;
  readonly namespace?: string;
};

/** Writes a kubeconfig with one context, readable by its owner only; resolves to `path`. */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<string> {
  const { url, ca, user, token, namespace = 'default' } = content;
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const name = 'controlplane';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user, namespace } }],
    'current-context': name,
  };
  await writeFile(path, stringify(config, { lineWidth: 0 }), { mode: 0o600 });
  return path;
}
