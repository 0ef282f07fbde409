import type { Jwt } from '../../resources/jwt.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import type { JwtApi } from '../cluster/discover.ts';
import type { SecretSnapshot } from '../cluster/read-secret.ts';
import type { OldDeployment } from '../token-manager/deployments.ts';
import type { findKeyCopies, KopfLeftovers } from '../token-manager/kopf-leftovers.ts';

/** One JWT, with its spec as it is stored, which may contain what our schema refuses. */
export interface MigratingJwt {
  readonly jwt: Jwt;
  readonly spec: unknown;
  /** The leftovers of token-manager on it. */
  readonly kopfLeftovers: KopfLeftovers | undefined;
  readonly keyCopies: ReturnType<typeof findKeyCopies>;
}

/** Everything that the checks need, read once. */
export interface MigrationFacts {
  readonly api: JwtApi;
  readonly jwts: readonly MigratingJwt[];
  /** The metadata of the Secrets that the JWTs name, or that have their names. */
  readonly secret: (namespace: string, name: string) => SecretSnapshot;
  readonly deployments: readonly OldDeployment[];
  /** Whether the CRD is part of a Helm release, and would be deleted with it; true also when that is not known. */
  readonly crdInRelease: boolean;
  /** The objects in which operators of kopf announce that they are running. `resource` with its group, as kubectl takes it. */
  readonly peerings: readonly {
    readonly resource: string;
    readonly namespace: string | undefined;
    readonly name: string;
  }[];
  readonly legacyKeyNamespace: string | undefined;
  /** The namespace in which cluster-scoped JWTs would be created again. */
  readonly namespace: string;
  /** For the commands that fix something. */
  readonly printer: CommandPrinter;
}

/** One thing that token-manager left, as `-o json` prints it. */
export interface MigrationFinding {
  /** `fix`: has to be fixed. `note`: good to know, or to clean up. */
  readonly level: 'fix' | 'note';
  /** A stable word; the reason of the condition, if there is one for it. */
  readonly reason: string;
  readonly object: string;
  /** One line for people. */
  readonly why: string;
  /** For a shell, in this order. */
  readonly commands: readonly string[];
}

/** The namespace in which token-manager read a key that names no namespace. */
export const OLD_KEY_NAMESPACE = 'default';

/** A JWT in a sentence: `JWT science/my-jwt`, without the namespace where the CRD is cluster-scoped. */
export function findingSubject({ namespace, name }: Jwt): string {
  return `JWT ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
