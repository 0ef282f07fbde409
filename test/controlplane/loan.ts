import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCluster, type Cluster, type ClusterPlace } from './cluster.ts';
import { startReaper } from './reaper.ts';
import {
  openStage,
  raiseCurtain,
  startStage,
  type Installation,
  type Stage,
  type StartOptions,
} from './stage.ts';

/** Names a file that says which cluster a test file uses; see `lend`. */
const VARIABLE = 'JWT_INJECTOR_LENT_CLUSTER';

interface Loan {
  readonly place: ClusterPlace;
  /** Absent if the cluster is empty. */
  readonly installation?: Installation;
}

/** A cluster for its borrower, who stops it at the end. */
export type BorrowedCluster = Cluster & { stop(): Promise<void> };

/** Describes a cluster for one test file at a time; gives the environment of that file's process. */
export async function lend(loan: Loan): Promise<NodeJS.ProcessEnv> {
  const file = join(loan.place.folder, 'loan.json');
  await writeFile(file, JSON.stringify(loan), { mode: 0o600 });
  return { [VARIABLE]: file };
}

/**
 * A stage for a test file: on the cluster that was lent to it, or on a control plane of its own when the file
 * runs alone. Other files have used the cluster before: a namespace needs a name that no other file uses.
 * Objects that the file creates can be left behind. The API server writes an audit log: see `openAudit`. A
 * test that stops the control plane, or needs other flags, uses `startStage` instead.
 */
export async function borrowStage(
  options: StartOptions & { readonly withoutService?: boolean } = {},
): Promise<Stage<Cluster>> {
  const { place, installation } = (await readLoan()) ?? {};
  if (place === undefined || installation === undefined) return startStage({ audit: true, ...options });
  const { withoutService = false, ...start } = options;
  const cluster = await openLent(place);
  const stage = openStage(cluster, installation, () => cluster.stop());
  try {
    if (!withoutService) await raiseCurtain(stage, start);
    return stage;
  } catch (error) {
    await stage.stop();
    throw error;
  }
}

/**
 * A cluster in which nothing is installed: one that was lent, or one of its own when the file runs alone. All
 * that the file leaves behind is removed.
 */
export async function borrowEmptyCluster(): Promise<BorrowedCluster> {
  const { place, installation } = (await readLoan()) ?? {};
  if (place !== undefined && installation === undefined) return openLent(place);
  const { startControlPlane } = await import('./control-plane.ts');
  return startControlPlane();
}

async function readLoan(): Promise<Loan | undefined> {
  const file = process.env[VARIABLE];
  return file === undefined ? undefined : (JSON.parse(await readFile(file, 'utf8')) as Loan);
}

/** `stop()` ends what was started on the cluster. The cluster itself continues to run. */
async function openLent(place: ClusterPlace): Promise<BorrowedCluster> {
  const reaper = await startReaper();
  const cluster = openCluster(place, reaper);
  return {
    ...cluster,
    stop: async () => {
      cluster.access.agent.destroy();
      await reaper.finish();
    },
  };
}
