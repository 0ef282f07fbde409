import type { Cluster } from '../controlplane/cluster.ts';
import { renderShipped } from '../controlplane/install.ts';
import type { Service } from '../controlplane/service.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { startCreations } from '../certificate-changes/creations.ts';
import { openScene } from '../certificate-changes/scene.ts';
import { readsCertificateFiles } from './certificate-files.ts';
import { PRESENT, type Checkout } from './checkout.ts';

const CREATED_WITHIN_MS = 600_000;
const NAMESPACE = 'users';

/**
 * Replaces two replicas of `other` by two of the current version, one after the other as a Deployment does,
 * and back. Meanwhile pods that ask for a token are created, at least `least` in each direction; failed
 * creations are not repeated. Prints a line for each direction; gives the number of failures. If `other` cannot
 * issue its certificate itself, it prints that and creates no pods.
 */
export async function replaceUnderLoad(cluster: Cluster, other: Checkout, least: number): Promise<number> {
  if (readsCertificateFiles(await renderShipped(cluster, 'default', other.root))) {
    console.log(`${other.name} cannot issue its certificate itself: no pods were created`);
    return 0;
  }
  await using scene = await openScene(cluster, other.root);
  await cluster.createNamespace(NAMESPACE);
  let replicas: Service[] = [await scene.startReplica([], other), await scene.startReplica([], other)];
  await using creations = startCreations(cluster, NAMESPACE);
  await waitUntil('the first creations', CREATED_WITHIN_MS, () => creations.count() >= 20);
  for (const [from, to] of [
    [other, PRESENT],
    [PRESENT, other],
  ] as const) {
    const [before, failedBefore] = [creations.count(), creations.failures.length];
    await scene.install(to.root);
    const replaced: Service[] = [];
    for (const old of replicas) {
      replaced.push(await scene.startReplica([], to));
      const code = await scene.stopReplica(old);
      if (code !== 0) throw new Error(`a replica of ${from.name} ended with ${code} after SIGTERM`);
    }
    replicas = replaced;
    await waitUntil('creations', CREATED_WITHIN_MS, () => creations.count() >= before + least);
    const failures = creations.failures.slice(failedBefore);
    console.log(
      `${from.name} → ${to.name}, two replicas: ${creations.count() - before} pods created, ${failures.length} failed`,
    );
    for (const failure of failures.slice(0, 3)) console.log(`    ${failure.slice(0, 400)}`);
  }
  return creations.failures.length;
}
