import { join } from 'node:path';
import { type ApiAccess, askApi } from './api-request.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { waitUntil } from './wait-until.ts';

const TOKEN_SECONDS = 86_400; // one day: longer than any test, so the token is never renewed
const APPEARS_WITHIN_MS = 30_000;

/** Before it exists, pods of the namespace are refused ("serviceaccount "default" not found"). */
export async function hasDefaultServiceAccount(access: ApiAccess, namespace: string): Promise<boolean> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  const answer = await askApi(access, 'GET', path).catch(() => undefined);
  return answer?.status === 200;
}

/** Creates a namespace in which pods can be created. Throws a ControlPlaneError if it exists. */
export async function createNamespace(access: ApiAccess, name: string): Promise<void> {
  const { status, body } = await askApi(access, 'POST', '/api/v1/namespaces', { metadata: { name } });
  if (status !== 201) throw new ControlPlaneError(`namespace ${name} was not created (${status}): ${body}`);
  await waitUntil(`ServiceAccount default in namespace ${name}`, APPEARS_WITHIN_MS, () =>
    hasDefaultServiceAccount(access, name),
  );
}

/** The ServiceAccount of the kubeconfig, and the folder it is written to. */
export type ServiceAccountSettings = {
  readonly access: ApiAccess;
  readonly ca: string;
  readonly folder: string;
  readonly namespace: string;
  readonly name: string;
};

/** Requests a token of the ServiceAccount, valid for 24 hours, and writes it as a kubeconfig. */
export async function writeServiceAccountKubeconfig(settings: ServiceAccountSettings): Promise<string> {
  const { access, ca, folder, namespace, name } = settings;
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status, body } = await askApi(access, 'POST', path, { spec: { expirationSeconds: TOKEN_SECONDS } });
  const token = status === 201 ? readToken(JSON.parse(body)) : undefined;
  if (token === undefined) {
    throw new ControlPlaneError(`no token for ServiceAccount ${namespace}/${name} (${status}): ${body}`);
  }
  return writeKubeconfig(join(folder, `${namespace}.${name}.kubeconfig`), {
    url: `https://127.0.0.1:${access.port}`,
    ca,
    user: name,
    token,
    namespace,
  });
}

function readToken(request: { status?: { token?: unknown } }): string | undefined {
  const token = request.status?.token;
  return typeof token === 'string' ? token : undefined;
}
