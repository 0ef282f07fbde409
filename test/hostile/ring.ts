import { join } from 'node:path';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { limitMemory, type MemoryLimit } from '../controlplane/memory-limit.ts';
import { startService } from '../controlplane/service.ts';
import { readShippedContainer } from '../controlplane/shipped-containers.ts';
import { startStage, waitForWebhook, type Stage } from '../controlplane/stage.ts';
import type { Target } from './attack.ts';
import { keepProcess, type KeptProcess } from './kept-process.ts';

/** The service logs hundreds of lines a second; the last ones say why it ended. */
const KEPT_LINES = 100;
const ENTRY = join(import.meta.dirname, '../../dist/main.js');

/** One container of the pod, under its shipped memory limit. */
export interface Fighter extends KeptProcess {
  readonly memory: MemoryLimit;
}

/** The ring: the compiled service with the containers of its pod, beside a control plane. */
export interface Ring {
  readonly webhookPort: number;
  /** The first container. It runs. */
  readonly main: Fighter;
  /**
   * The second container. It does not run at first, and gets connections only while the first one does not
   * listen.
   */
  readonly fallback: Fighter;
  /**
   * Keeps tokens fresh, as the leader in another pod would, and does not listen where attackers are. It does
   * not run at first.
   */
  readonly otherLeader: KeptProcess;
  /** Creates a ServiceAccount with `edit` in a new namespace, and nothing else. */
  enroll(namespace: string): Promise<Pick<Target, 'api' | 'namespace'>>;
  stop(): Promise<void>;
}

export async function openRing(): Promise<Ring> {
  await using opened = new AsyncDisposableStack();
  const [main, fallback] = [readShippedContainer('jwt-injector'), readShippedContainer('fallback-webhook')];
  const memory = {
    main: opened.use(await limitMemory(main.memory)),
    fallback: opened.use(await limitMemory(fallback.memory)),
  };
  const stage = await startStage({ withoutService: true });
  opened.defer(() => stage.stop());
  const processes = {
    main: keepProcess(
      () => launch(stage, main.args, [...PARTS.main, ...everywhere(stage)], memory.main),
      main.graceMs,
    ),
    fallback: keepProcess(
      () => launch(stage, fallback.args, everywhere(stage), memory.fallback),
      fallback.graceMs,
    ),
    otherLeader: keepProcess(() => launch(stage, main.args, PARTS.otherLeader), main.graceMs),
  };
  for (const each of Object.values(processes)) opened.defer(async () => void (await each.stop()));
  await processes.main.start();
  await waitForWebhook(stage.cluster);
  const running = opened.move();
  return {
    webhookPort: stage.webhookPort,
    main: { ...processes.main, memory: memory.main },
    fallback: { ...processes.fallback, memory: memory.fallback },
    otherLeader: processes.otherLeader,
    enroll: (namespace) => enroll(stage.cluster, namespace),
    stop: () => running.disposeAsync(),
  };
}

/** The environment variables of the shipped Deployment, and the flags of a leader that answers no reviews. */
const PARTS = {
  main: ['--webhook-ips=127.0.0.1', '--share-webhook-port'],
  otherLeader: ['--no-webhook'],
} as const;

const everywhere = ({ webhookPort }: Stage): readonly string[] => [`--webhook-address=:${webhookPort}`];

/** The ports would be ports of this machine, not of a pod's network: probes and metrics get any free port. */
function launch(
  { cluster, serviceArgs, webhookPort }: Stage,
  [, ...shipped]: readonly string[],
  more: readonly string[],
  memory?: MemoryLimit,
) {
  return startService(cluster, {
    entry: ENTRY,
    args: [...serviceArgs, ...shipped, ...more, '--http-address=127.0.0.1:0'],
    webhookPort,
    keepLines: KEPT_LINES,
    ...(memory === undefined ? {} : { memory }),
  });
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
