import assert from 'node:assert/strict';
import { loadCluster } from '../../src/kube/connection/cluster.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/time/clock.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { borrowStage } from '../controlplane/loan.ts';
import { startStage, type Stage } from '../controlplane/stage.ts';
import { clientOf } from './bad-server.ts';

export const SILENT = { debug: () => {}, info: () => {}, warn: () => {} };

/** A cluster with the shipped RBAC, a client with the admin's rights and one with those of the service. */
export interface RealCluster<C extends Cluster = Cluster> extends AsyncDisposable {
  readonly controlPlane: C;
  readonly admin: KubeClient;
  readonly service: KubeClient;
}

/** On a cluster that was lent to this file; see `borrowStage`. */
export async function borrowRealCluster(): Promise<RealCluster> {
  return openRealCluster(await borrowStage({ withoutService: true }));
}

/** On a control plane of its own, for tests that stop the API server. */
export async function startRealCluster(): Promise<RealCluster<ControlPlane>> {
  return openRealCluster(await startStage({ withoutService: true }));
}

async function openRealCluster<C extends Cluster>(stage: Stage<C>): Promise<RealCluster<C>> {
  const { cluster } = stage;
  const connect = (kubeconfig: string): ReturnType<typeof clientOf> => {
    const loaded = loadCluster({ kubeconfig });
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.problem);
    return clientOf(loaded.value);
  };
  const admin = connect(cluster.adminKubeconfig);
  const service = connect(await cluster.serviceAccountKubeconfig('jwt-injector', 'jwt-injector'));
  return {
    controlPlane: cluster,
    admin,
    service,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([admin.close(), service.close()]);
      await stage.stop();
    },
  };
}

/** Waits for a condition with a deadline in milliseconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    await systemClock.sleep(10);
  }
}
