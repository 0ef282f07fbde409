import assert from 'node:assert/strict';
import { join } from 'node:path';
import { loadCluster } from '../../src/kube/cluster.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/time/clock.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { clientOf } from './bad-server.ts';

export const SILENT = { debug: () => {}, info: () => {}, warn: () => {} };

/** A control plane with the shipped RBAC, a client of the admin's and one of the service's own account. */
export interface RealCluster extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly admin: KubeClient;
  readonly service: KubeClient;
}

const SHIPPED = ['namespace', 'service-account', 'cluster-role', 'lease-role'].map((name) =>
  join(import.meta.dirname, `../../deploy/kustomize/default/${name}.yaml`),
);

export async function startRealCluster(): Promise<RealCluster> {
  const controlPlane = await startControlPlane();
  for (const file of SHIPPED) await controlPlane.kubectl(['apply', '-f', file]);
  const connect = (kubeconfig: string): ReturnType<typeof clientOf> => {
    const cluster = loadCluster({ kubeconfig });
    assert.ok(cluster.ok, cluster.ok ? '' : cluster.problem);
    return clientOf(cluster.value);
  };
  const admin = connect(controlPlane.adminKubeconfig);
  const service = connect(await controlPlane.serviceAccountKubeconfig('jwt-injector', 'jwt-injector'));
  return {
    controlPlane,
    admin,
    service,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([admin.close(), service.close()]);
      await controlPlane.stop();
    },
  };
}

/** Waits for a condition with a deadline (milliseconds), never for luck. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 30_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `waited in vain for ${what}`);
    await systemClock.sleep(10);
  }
}
