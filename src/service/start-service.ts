import type { Config } from '../config/config.ts';
import { needsCluster } from '../config/needs-cluster.ts';
import { environmentName } from '../config/run-flags.ts';
import { createClient, type KubeClient } from '../kube/client.ts';
import { loadCluster, type Cluster } from '../kube/connection/cluster.ts';
import { APP } from '../resources/names.ts';
import { ok, type Result } from '../resources/result.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { systemClock } from '../time/clock.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import { endAll } from './end-all.ts';
import { warnOfFewFiles } from './few-files.ts';
import { startController, type RunningController } from './start-controller.ts';
import { startProbes, type RunningProbes } from './start-probes.ts';
import { startWebhook, type RunningWebhook } from './start-webhook.ts';

/** The service once it answers. */
interface Service {
  /** Ends everything that was started: no admission request is dropped, no write is cut off. */
  stop(): Promise<void>;
}

/**
 * Starts what the configuration asks for: webhook, probes, controller. They end in another order, which `endInOrder` says. The
 * problem is one sentence about what is outside: files, ports, cluster; then nothing is left running.
 */
export async function startService(config: Config, log: ServiceLogger): Promise<Result<Service, string>> {
  await using started = new AsyncDisposableStack();
  const metrics = createMetrics();
  if (config.namespaces !== undefined) {
    log.info(
      { namespaces: config.namespaces },
      'only these namespaces, with Roles only: no default by namespace label',
    );
  }

  logIdleSettings(config, log);
  const cluster = loadCluster(config);
  if (needsCluster(config) && !cluster.ok) return cluster;
  const client =
    needsCluster(config) && cluster.ok
      ? createClient(cluster.value, { clock: systemClock, version: PACKAGE_VERSION })
      : undefined;
  const running: Running = { client };
  started.defer(() => endInOrder(running));

  const { isInPod, policy, namespaces } = config;
  const namespace = ownNamespace(config, cluster);
  if (config.webhook !== undefined) {
    warnOfFewFiles(log);
    const shared = { log, metrics, policy, client, namespace, isInPod };
    const webhook = await startWebhook(config.webhook, shared);
    if (!webhook.ok) return webhook;
    running.webhook = webhook.value;
  }

  const checks = running.webhook?.checks ?? [];
  const probes = await startProbes(config.httpAddress, { log, metrics, checks });
  if (!probes.ok) return probes;
  running.probes = probes.value;

  if (config.controller !== undefined && client !== undefined) {
    const leaseNamespace = config.controller.lease.namespace ?? namespace;
    const shared = { client, log, metrics, leaseNamespace, namespaces, policy };
    running.controller = startController(config.controller, shared);
  }

  const whole = started.move();
  return ok({ stop: () => whole.disposeAsync() });
}

function logIdleSettings({ withoutEffect, unknownVariables }: Config, log: ServiceLogger): void {
  if (withoutEffect.length > 0)
    log.info(
      { settings: withoutEffect.map((name) => `--${name}`) },
      'these settings have no effect here: they are for a part that is off',
    );
  if (unknownVariables.length > 0)
    log.warn(
      { variables: unknownVariables },
      `no flag has these environment variables: see jwt-injector run --help (that of --workers is ${environmentName('workers')})`,
    );
}

/** The parts that were started so far. */
interface Running {
  readonly client: KubeClient | undefined;
  webhook?: RunningWebhook;
  probes?: RunningProbes;
  controller?: RunningController;
}

/**
 * The webhook drains from the first moment, whatever the controller waits for: an API server that does not answer can hold
 * that up for longer than a pod has. The probes say so until the end, and metrics are there for a last scrape.
 */
async function endInOrder({ client, webhook, probes, controller }: Running): Promise<void> {
  await using last = new AsyncDisposableStack(); // also if something before fails to end
  last.defer(() => client?.close());
  last.defer(() => probes?.stop());
  await endAll([webhook?.stop(), controller?.stop()]);
}

/** The namespace this process runs in as a pod; that of a kubeconfig's context says nothing about where it runs. */
function ownNamespace({ isInPod, kubeconfig }: Config, cluster: Result<Cluster, string>): string {
  const own = isInPod && kubeconfig === undefined && cluster.ok ? cluster.value.namespace : undefined;
  return own ?? APP;
}
