import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { limitMemory, type MemoryLimit } from '../controlplane/memory-limit.ts';
import { startStage, waitForWebhook, type Stage } from '../controlplane/stage.ts';
import type { Target } from './attack.ts';

/** What the shipped Deployment gives a container (deploy/kustomize/default/deployment.yaml). */
const SHIPPED_MEMORY = 512 * 2 ** 20;

const ENTRY = join(import.meta.dirname, '../../dist/main.js');

/** The compiled service under the shipped memory limit, beside a control plane. */
export interface Ring {
  readonly memory: MemoryLimit;
  readonly stage: Stage;
  /** A ServiceAccount with `edit` in a new namespace, and nothing else. */
  enroll(namespace: string): Promise<Pick<Target, 'api' | 'namespace'>>;
  /** Starts the service when it is not running. */
  ensureService(): Promise<void>;
  isAlive(): boolean;
  /** Of the service that runs, since this was called last: its largest resident memory, in bytes. */
  takePeakMemory(): number;
  stop(): Promise<void>;
}

export async function openRing(): Promise<Ring> {
  const memory = limitMemory(SHIPPED_MEMORY);
  try {
    const stage = await startStage({ withoutService: true });
    return await build(stage, memory);
  } catch (error) {
    await memory.close();
    throw error;
  }
}

async function build(stage: Stage, memory: MemoryLimit): Promise<Ring> {
  const { cluster } = stage;
  let alive = false;
  const ensureService = async (): Promise<void> => {
    if (alive) return;
    const service = await stage.startService({ entry: ENTRY, memory });
    alive = true;
    const noteEnd = async (): Promise<void> => {
      await service.exited;
      alive = false;
    };
    void noteEnd();
  };
  const stop = async (): Promise<void> => {
    await stage.stop();
    await memory.close();
  };
  try {
    await ensureService();
    await waitForWebhook(cluster);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    memory,
    stage,
    enroll: (namespace) => enroll(cluster, namespace),
    ensureService,
    isAlive: () => alive,
    takePeakMemory: () => (alive ? takePeak(stage.service().pid) : 0),
    stop,
  };
}

async function enroll(cluster: ControlPlane, namespace: string): Promise<Pick<Target, 'api' | 'namespace'>> {
  await cluster.createNamespace(namespace);
  await cluster.kubectl(['create', 'serviceaccount', 'tenant', `--namespace=${namespace}`]);
  await cluster.kubectl([
    'create',
    'rolebinding',
    'tenant',
    '--clusterrole=edit',
    `--serviceaccount=${namespace}:tenant`,
    `--namespace=${namespace}`,
  ]);
  const adminKubeconfig = await cluster.serviceAccountKubeconfig(namespace, 'tenant');
  return { namespace, api: { adminKubeconfig, url: cluster.url, ca: cluster.ca } };
}

/** Linux keeps the peak of a process's resident memory until it is told to begin again (proc(5), clear_refs). */
function takePeak(pid: number): number {
  try {
    const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0; // it ended this very moment
  }
}
