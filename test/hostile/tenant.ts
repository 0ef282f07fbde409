import { waitUntil } from '../controlplane/wait-until.ts';
import { openUserApi, type UserApi } from '../integration/user-api.ts';
import type { Loose } from '../integration/objects.ts';
import type { Target } from './attack.ts';

/**
 * The beginning of a refusal as the API server passes it on. If the webhook cannot be called, the message is
 * an internal error.
 */
const DENIED = /^admission webhook "/;

const GROUPS: Readonly<Record<string, string>> = {
  pods: '/api/v1',
  secrets: '/api/v1',
  configmaps: '/api/v1',
  deployments: '/apis/apps/v1',
  jwts: '/apis/tokens.osg-htc.org/v1',
};

/**
 * The status of the API server's answer, or that there was none. A denial by an admission webhook is
 * distinguished from a refusal by the API server itself, for which validating webhooks are not called.
 */
export type Answer = `${number}` | `${number} by a webhook` | 'no answer';

/** Answers for an object that was created or changed. */
export const STORED: readonly Answer[] = ['200', '201'];

/** The time within which the service must have processed a new object, even under load. */
const COMES_WITHIN_MS = 60_000;

/** A user with `edit` in one namespace, at the API server. */
export interface Tenant {
  create(plural: string, object: Loose): Promise<Answer>;
  /**
   * Creates them one after the other. Gives the answer to the last one, or to the first that was not created.
   */
  createInTurn(...objects: readonly (readonly [plural: string, object: Loose])[]): Promise<Answer>;
  /** As `create`, but rejects if the object was not created. */
  mustCreate(plural: string, object: Loose): Promise<void>;
  /** Waits until the object exists; rejects if it does not appear. */
  waitFor(plural: string, name: string): Promise<void>;
  /** Sends a merge patch. */
  patch(plural: string, name: string, body: Loose): Promise<Answer>;
  remove(plural: string, name: string): Promise<Answer>;
  close(): void;
}

export async function openTenant({
  api: access,
  namespace,
}: Pick<Target, 'api' | 'namespace'>): Promise<Tenant> {
  const api: UserApi = await openUserApi(access);
  const pathOf = (plural: string): string => `${GROUPS[plural]}/namespaces/${namespace}/${plural}`;
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    try {
      const { status, body: said } = await api.ask(method, path, body);
      return DENIED.test(String(said.message)) ? `${status} by a webhook` : `${status}`;
    } catch {
      return 'no answer';
    }
  };
  const create = (plural: string, object: Loose): Promise<Answer> => ask('POST', pathOf(plural), object);
  return {
    create,
    createInTurn: async (...objects) => {
      let answer: Answer = 'no answer';
      for (const [plural, object] of objects) {
        answer = await create(plural, object);
        if (answer !== '201') break;
      }
      return answer;
    },
    mustCreate: async (plural, object) => {
      const answer = await create(plural, object);
      if (answer !== '201')
        throw new Error(`${plural} ${object['metadata'].name} was not created: ${answer}`);
    },
    waitFor: async (plural, name) => {
      const path = `${pathOf(plural)}/${name}`;
      await waitUntil(path, COMES_WITHIN_MS, async () => (await ask('GET', path)) === '200');
    },
    patch: (plural, name, body) => ask('PATCH', `${pathOf(plural)}/${name}`, body),
    remove: (plural, name) => ask('DELETE', `${pathOf(plural)}/${name}`),
    close: () => api.close(),
  };
}
