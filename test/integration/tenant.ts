import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { openObjects, secretText, type Objects } from './objects.ts';

/** A user of one namespace, who creates JWTs and Secrets in it, and reads their tokens. */
export interface Tenant {
  /** Applies a JWT with the spec of the NRP page and the given changes. */
  apply(name: string, spec?: Record<string, unknown>, metadata?: Record<string, unknown>): Promise<void>;
  applySecret(
    name: string,
    stringData: Record<string, string>,
    more?: Record<string, unknown>,
  ): Promise<void>;
  tokenOf(name: string): Promise<string>;
  /** Resolves to the token as soon as it matches. */
  waitForToken(name: string, fits: (token: string) => boolean): Promise<string>;
}

/** Creates the namespace. Its name must not be used by any other file: see `borrowStage`. */
export async function openTenant(cluster: Cluster, objects: Objects, namespace: string): Promise<Tenant> {
  await cluster.createNamespace(namespace);
  return {
    apply: async (name, spec = {}, metadata = {}) => {
      const { apiVersion, kind, spec: full } = wireJwt(spec);
      const object = { apiVersion, kind, metadata: { name, namespace, ...metadata }, spec: full };
      await cluster.apply(JSON.stringify(object));
    },
    applySecret: async (name, stringData, more = {}) => {
      const metadata = { name, namespace, ...more };
      await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
    },
    tokenOf: async (name) => secretText(await objects.get('secrets', namespace, name)),
    waitForToken: async (name, fits) => {
      const secret = await objects.waitFor('secrets', namespace, name, (found) => fits(secretText(found)));
      return secretText(secret);
    },
  };
}

/** A service on a cluster, and a tenant in a namespace whose name no other file uses: see `borrowStage`. */
export interface TenantStage {
  readonly stage: Stage<Cluster>;
  readonly objects: Objects;
  readonly tenant: Tenant;
}

/** Everything ends with the stage, which the caller stops. `options` as for `borrowStage`. */
export async function borrowTenantStage(
  namespace: string,
  options?: Parameters<typeof borrowStage>[0],
): Promise<TenantStage> {
  const stage = await borrowStage(options);
  const objects = openObjects(stage.cluster);
  return { stage, objects, tenant: await openTenant(stage.cluster, objects, namespace) };
}
