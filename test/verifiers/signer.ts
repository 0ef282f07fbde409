import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { jwksCommand } from '../../src/commands/jwks.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { callAs, type Caller } from '../integration/cli-run.ts';
import { openObjects, type Objects } from '../integration/objects.ts';
import { openTenant, type Tenant } from '../integration/tenant.ts';
import { ISSUER, type ISSUER_HOSTS } from './names.ts';
import { type IssuerSite, startIssuerSite } from './issuer-site.ts';
import type { World } from './world.ts';

/** Members of a JWT's spec. */
export type Spec = Readonly<Record<string, unknown>>;

/** The service with a user's namespace, whose keys are published on the site by a command. */
export interface Signer extends AsyncDisposable {
  readonly stage: Stage<Cluster>;
  readonly objects: Objects;
  readonly tenant: Tenant;
  readonly namespace: string;
  readonly site: IssuerSite;
  /** Runs commands of jwt-injector as the cluster's administrator. */
  readonly admin: Caller;
  /** Creates the Secret of a new key, for `usesKey`. */
  makeKey(kid: string, algorithm: string): Promise<KeyObject>;
  /**
   * Creates JWTs, by their names, and gives their tokens when all exist. Members that a spec leaves out are
   * those of `keygen`, with the key `first`.
   */
  sign<N extends string>(specs: Readonly<Record<N, Spec>>): Promise<Readonly<Record<N, string>>>;
  /** Publishes the keys of JWTs on one of the hosts with `jwt-injector jwks --dir`. */
  publish(host: (typeof ISSUER_HOSTS)[number], ...names: readonly string[]): Promise<void>;
}

/** The claims of a token that every verifier accepts. */
export const PLAIN_DATA = {
  scope: 'storage.read:/',
  sub: 'john.doe',
  aud: ['https://wlcg.cern.ch/jwt/v1/any'],
  'wlcg.ver': '1.0',
};

/** Members of a spec that uses a key of `makeKey`. */
export function usesKey(kid: string, algorithm = 'ES256'): Spec {
  return { keyId: kid, algorithm, key: { secret: { name: secretOf(kid), key: 'key.pem' } } };
}

/**
 * A JWT must not have the name of the Secret with its key, as its token is written to the Secret of its own
 * name.
 */
function secretOf(kid: string): string {
  return `${kid}-key`;
}

/** The spec that `keygen` makes. */
export const PLAIN_SPEC: Spec = {
  issuer: ISSUER,
  ...usesKey('first'),
  data: PLAIN_DATA,
  expiryTime: { hours: 6 },
  resignBefore: undefined,
};

/** Starts the service and the site. The name of the namespace is used by no other file. */
export async function startSigner(world: World, namespace: string): Promise<Signer> {
  const site = await startIssuerSite(world);
  const stage = await borrowStage();
  const objects = openObjects(stage.cluster);
  const tenant = await openTenant(stage.cluster, objects, namespace);
  const admin = callAs(stage.cluster.adminKubeconfig, []);
  return {
    stage,
    objects,
    tenant,
    namespace,
    site,
    admin,
    makeKey: async (kid, algorithm) => {
      const key = makeKey(algorithm);
      await tenant.applySecret(secretOf(kid), { 'key.pem': toPem(key) });
      return key;
    },
    sign: async (specs) => {
      const names = Object.keys(specs) as (keyof typeof specs)[];
      await Promise.all(names.map((name) => tenant.apply(name, { ...PLAIN_SPEC, ...specs[name] })));
      const tokens = names.map(async (name) => {
        await objects.waitForCondition(namespace, name, 'Ready', 'True');
        return [name, await tenant.tokenOf(name)] as const;
      });
      return Object.fromEntries(await Promise.all(tokens)) as Record<keyof typeof specs, string>;
    },
    publish: async (host, ...names) => {
      const dir = join(site.folder, host);
      const { code, err } = await admin.run(jwksCommand, ...names, '-n', namespace, '--dir', dir);
      assert.equal(code, 0, err);
    },
    [Symbol.asyncDispose]: async () => {
      await stage.stop();
      await site[Symbol.asyncDispose]();
    },
  };
}
