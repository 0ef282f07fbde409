import type { Jwt } from '../../resources/jwt.ts';
import type { SecretLook } from '../cluster/connect-secret.ts';
import type { OldDeployment } from './deployments.ts';
import type { findKeyCopies, LegacyMarks } from './kopf-leftovers.ts';

/** One JWT, with its spec as it is stored: what our schema refuses is there only. */
export interface MigratingJwt {
  readonly jwt: Jwt;
  readonly spec: unknown;
  /** What token-manager left on it. */
  readonly marks: LegacyMarks | undefined;
  readonly keyCopies: ReturnType<typeof findKeyCopies>;
}

/** Everything the checks look at, read once. */
export interface MigrationFacts {
  /** Of the kind JWT in the API server's discovery. */
  readonly api: { readonly namespaced: boolean; readonly hasStatus: boolean };
  readonly jwts: readonly MigratingJwt[];
  /** Secrets that the JWTs name or are named like, by their metadata. */
  readonly secret: (namespace: string, name: string) => SecretLook;
  readonly deployments: readonly OldDeployment[];
  /** Whether the CRD is part of a Helm release, and would go with it: true also where that is not known. */
  readonly crdInRelease: boolean;
  /** Where operators of kopf tell each other that they run. `resource` with its group, as kubectl takes it. */
  readonly peerings: readonly {
    readonly resource: string;
    readonly namespace: string | undefined;
    readonly name: string;
  }[];
  readonly legacyKeyNamespace: string | undefined;
  /** Where cluster-scoped JWTs would go. */
  readonly namespace: string;
}

/** One thing that token-manager left. */
export interface Finding {
  /** `fix`: has to be fixed. `note`: good to know, or to tidy up. */
  readonly level: 'fix' | 'note';
  /** A stable word; where there is a condition for it, the condition's. */
  readonly reason: string;
  readonly object: string;
  /** One line for people. */
  readonly why: string;
  /** For a shell, in this order. */
  readonly commands: readonly string[];
}

/** Where token-manager looked for a key that names no namespace. */
export const OLD_KEY_NAMESPACE = 'default';

/** A JWT in a sentence: `JWT science/my-jwt`, without the namespace where the CRD is cluster-scoped. */
export function describeObject({ namespace, name }: Jwt): string {
  return `JWT ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
