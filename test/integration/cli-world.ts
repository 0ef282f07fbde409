import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { callAs, type Caller } from './cli-run.ts';
import { openObjects, type Objects } from './objects.ts';
import { openTenant, type Tenant } from './tenant.ts';

const EXAMPLES = join(import.meta.dirname, '../../deploy/examples');

export const IN_SCIENCE = ['-n', 'science'] as const;
/** A private key that must never be printed. */
export const KEY = toPem(makeKey('ES256'));
/** The content of another user's Secret. It must never be printed. */
export const CANARY = 'canary-of-somebody-else';

/** A cluster with JWTs in every state, and its administrator's command line. */
export interface World {
  readonly stage: Stage<Cluster>;
  readonly objects: Objects;
  readonly science: Tenant;
  readonly admin: Caller;
  /** The output of all commands. */
  readonly printed: string[];
}

export async function makeWorld(): Promise<World> {
  const stage = await borrowStage();
  const objects = openObjects(stage.cluster);
  const science = await openTenant(stage.cluster, objects, 'science');
  const printed: string[] = [];
  const deployment = await readFile(join(EXAMPLES, 'token-test.yaml'), 'utf8');
  await Promise.all([
    science.apply('ready'),
    science.apply('keyless', { key: { secret: { name: 'no-key', key: 'key.pem' } } }),
    science.applySecret('taken', { password: CANARY }).then(() => science.apply('taken')),
    stage.cluster.kubectl(['create', '-f', '-', ...IN_SCIENCE], {
      input: deployment.replace('token: my-jwt', 'token: ready, absent'),
    }),
    stage.cluster.apply(READER),
  ]);
  await objects.waitForCondition('science', 'ready', 'Ready', 'True');
  await objects.waitForCondition('science', 'keyless', 'Ready', 'False', 'KeyNotFound');
  await objects.waitForCondition('science', 'taken', 'Ready', 'False', 'SecretConflict');
  return {
    stage,
    objects,
    science,
    admin: callAs(stage.cluster.adminKubeconfig, printed),
    printed,
  };
}

/** A ServiceAccount that is allowed to read JWTs and pods of the namespace, and nothing else. */
const READER = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader, namespace: science }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: science }
rules:
  - { apiGroups: [tokens.osg-htc.org], resources: [jwts], verbs: [get, list] }
  - { apiGroups: [''], resources: [pods], verbs: [get, list] }
  - { apiGroups: [apps], resources: [deployments], verbs: [get, list] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader, namespace: science }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: reader, namespace: science }]
`;
