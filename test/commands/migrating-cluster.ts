import { commandPrinter } from '../../src/commands/cluster/command-printer.ts';
import type { SecretSnapshot } from '../../src/commands/cluster/read-secret.ts';
import type { MigrationFinding, MigrationFacts } from '../../src/commands/migrate/migration-facts.ts';
import { findKeyCopies, findKopfLeftovers } from '../../src/commands/token-manager/kopf-leftovers.ts';
import { findLeftovers } from '../../src/commands/migrate/find-leftovers.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { parseJwt } from '../../src/resources/jwt.ts';
import { parseWholeMetadata } from '../../src/resources/secret.ts';
import type { wireJwt } from '../fixtures/jwts.ts';

/** The objects that `migrate check` reads. */
export interface Cluster {
  readonly jwts?: readonly ReturnType<typeof wireJwt>[];
  /** Metadata by namespace/name; `'forbidden'` for one that the caller is not allowed to read. */
  readonly secrets?: Readonly<Record<string, Record<string, unknown> | 'forbidden'>>;
  readonly more?: Partial<MigrationFacts>;
}

/** Runs the check on the objects. */
export function check({ jwts = [], secrets = {}, more = {} }: Cluster): readonly MigrationFinding[] {
  const look = (id: string): SecretSnapshot => {
    const metadata = secrets[id];
    if (metadata === undefined) return { state: 'absent' };
    const [namespace = '', name = ''] = id.split('/');
    if (metadata !== 'forbidden') {
      return {
        state: 'found',
        metadata: parseWholeMetadata({ metadata: { namespace, name, ...metadata } }),
      };
    }
    const error = new KubeError({
      verb: 'get',
      resource: 'secrets',
      namespace,
      status: 403,
      reason: 'Forbidden',
    });
    return { state: 'forbidden', error };
  };
  return findLeftovers({
    api: { namespaced: true, hasStatus: true },
    jwts: jwts.map((object) => {
      const jwt = parseJwt(object);
      if (!jwt.ok) throw new Error(jwt.problem);
      return {
        jwt: jwt.value,
        spec: object.spec,
        kopfLeftovers: findKopfLeftovers(object),
        keyCopies: findKeyCopies(object),
      };
    }),
    secret: (namespace, name) => look(`${namespace}/${name}`),
    deployments: [],
    crdInRelease: false,
    peerings: [],
    legacyKeyNamespace: undefined,
    namespace: 'science',
    printer: commandPrinter({}),
    ...more,
  });
}

/** The key of a spec: in this Secret. */
export const keyIn = (name: string, namespace?: string) => ({
  key: { secret: { name, key: 'key.pem', ...(namespace === undefined ? {} : { namespace }) } },
});
/** The findings that have to be fixed. */
export const fixes = (cluster: Cluster): readonly MigrationFinding[] =>
  check(cluster).filter(({ level }) => level === 'fix');
