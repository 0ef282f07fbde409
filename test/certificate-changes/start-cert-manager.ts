import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../controlplane/cluster.ts';
import { playCertManager, type CertManager } from '../deploy/cert-manager.ts';
import { readForeignCrds } from '../deploy/foreign-crds.ts';

const LOOK_MS = 100;

/**
 * Installs the CRDs of cert-manager, and does its work until disposed. Disposing throws the errors of that
 * work.
 */
export async function startCertManager(cluster: Cluster): Promise<CertManager & AsyncDisposable> {
  await cluster.apply(await readForeignCrds('cert-manager'));
  const certManager = await playCertManager(cluster);
  const state = { isOver: false };
  const loop = async (): Promise<void> => {
    while (!state.isOver) {
      await certManager.look();
      await sleep(LOOK_MS);
    }
  };
  const running = loop();
  running.catch(() => undefined); // the error is thrown by dispose
  return {
    ...certManager,
    [Symbol.asyncDispose]: async () => {
      state.isOver = true;
      await running;
    },
  };
}
