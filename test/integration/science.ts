import type { ControlPlane } from '../controlplane/control-plane.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { secretText, type Objects } from './objects.ts';

/** The namespace `science` of a test: making JWTs and Secrets in it, and seeing their tokens. */
export interface Science {
  /** A JWT with the spec of the NRP page, but for what is given. */
  apply(name: string, spec?: Record<string, unknown>, metadata?: Record<string, unknown>): Promise<void>;
  applySecret(
    name: string,
    stringData: Record<string, string>,
    more?: Record<string, unknown>,
  ): Promise<void>;
  tokenOf(name: string): Promise<string>;
  /** The token as soon as it fits. */
  waitForToken(name: string, fits: (token: string) => boolean): Promise<string>;
}

export async function openScience(cluster: ControlPlane, objects: Objects): Promise<Science> {
  await cluster.createNamespace('science');
  return {
    apply: async (name, spec = {}, metadata = {}) => {
      const { apiVersion, kind, spec: full } = wireJwt(spec);
      const object = { apiVersion, kind, metadata: { name, namespace: 'science', ...metadata }, spec: full };
      await cluster.apply(JSON.stringify(object));
    },
    applySecret: async (name, stringData, more = {}) => {
      const metadata = { name, namespace: 'science', ...more };
      await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
    },
    tokenOf: async (name) => secretText(await objects.get('secrets', 'science', name)),
    waitForToken: async (name, fits) => {
      const secret = await objects.waitFor('secrets', 'science', name, (found) => fits(secretText(found)));
      return secretText(secret);
    },
  };
}
