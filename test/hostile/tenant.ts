import { openUserApi, type UserApi } from '../integration/user-api.ts';
import type { Loose } from '../integration/objects.ts';
import type { Target } from './attack.ts';

const GROUPS: Readonly<Record<string, string>> = {
  pods: '/api/v1',
  secrets: '/api/v1',
  configmaps: '/api/v1',
  deployments: '/apis/apps/v1',
  jwts: '/apis/tokens.osg-htc.org/v1',
};

/** Somebody with `edit` in one namespace, at the API server. */
export interface Tenant {
  /** Creates an object; gives the status. */
  create(plural: string, object: Loose, dryRun?: 'dryRun'): Promise<number>;
  /** Merge patch; gives the status. */
  patch(plural: string, name: string, body: Loose): Promise<number>;
  remove(plural: string, name: string): Promise<number>;
  close(): void;
}

export async function openTenant({
  api: access,
  namespace,
}: Pick<Target, 'api' | 'namespace'>): Promise<Tenant> {
  const api: UserApi = await openUserApi(access);
  const pathOf = (plural: string): string => `${GROUPS[plural]}/namespaces/${namespace}/${plural}`;
  const ask = async (method: string, path: string, body?: unknown): Promise<number> => {
    try {
      return (await api.ask(method, path, body)).status;
    } catch {
      return 0; // no answer
    }
  };
  return {
    create: (plural, object, dryRun) =>
      ask('POST', `${pathOf(plural)}${dryRun === undefined ? '' : '?dryRun=All'}`, object),
    patch: (plural, name, body) => ask('PATCH', `${pathOf(plural)}/${name}`, body),
    remove: (plural, name) => ask('DELETE', `${pathOf(plural)}/${name}`),
    close: () => api.close(),
  };
}
