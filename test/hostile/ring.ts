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
  /** How often the service ended by itself since this was asked last, each with its last words. It is started again at once. */
  takeEnds(): Promise<readonly string[]>;
  /** SIGTERM; resolves when it has ended. */
  stopService(): Promise<void>;
  startService(): Promise<void>;
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
  let isWanted = false;
  let ends: string[] = [];
  let starting: Promise<void> = Promise.resolve();
  const startService = (): Promise<void> => {
    isWanted = true;
    starting = start();
    return starting;
  };
  const start = async (): Promise<void> => {
    const service = await stage.startService({ entry: ENTRY, memory });
    const restart = async (): Promise<void> => {
      const code = await service.exited;
      if (!isWanted) return;
      ends.push(describeEnd(code, service.output()));
      await startService(); // as the kubelet does
    };
    void restart();
  };
  const stopService = async (): Promise<void> => {
    await starting;
    isWanted = false;
    await stage.service().stop();
  };
  const stop = async (): Promise<void> => {
    isWanted = false;
    await stage.stop();
    await memory.close();
  };
  try {
    await startService();
    await waitForWebhook(cluster);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    memory,
    stage,
    enroll: (namespace) => enroll(cluster, namespace),
    takeEnds: async () => {
      await starting;
      const taken = ends;
      ends = [];
      return taken;
    },
    startService,
    stopService,
    takePeakMemory: () => takePeak(stage.service().pid),
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

function describeEnd(code: number | null, output: string): string {
  if (code === null) return 'killed: more memory than it has';
  const lines = output.trimEnd().split('\n');
  const fatal = lines.find((line) => line.includes('FATAL ERROR')) ?? lines.at(-1) ?? '';
  return `exit code ${code}: ${fatal.slice(0, 160)}`;
}
