import type { Config } from '../config/config.ts';
import { createClient } from '../kube/client.ts';
import { loadCluster } from '../kube/cluster.ts';
import { APP } from '../resources/names.ts';
import { ok, type Result } from '../resources/result.ts';
import type { ReadinessCheck } from '../server/probes.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { systemClock } from '../time/clock.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import { startController } from './start-controller.ts';
import { startProbes } from './start-probes.ts';
import { startWebhook } from './start-webhook.ts';

/** The service once it answers. */
export interface Service {
  /** Ends everything that was started: no admission request is dropped, no write is cut off. */
  stop(): Promise<void>;
}

/**
 * Starts what the configuration asks for, in this order, and ends it in the opposite one. The problem is one sentence
 * about what is outside: files, ports, cluster; then nothing is left running.
 */
export async function startService(config: Config, log: ServiceLogger): Promise<Result<Service, string>> {
  await using started = new AsyncDisposableStack();
  const metrics = createMetrics();
  const checks: ReadinessCheck[] = [];
  if (config.namespaces !== undefined) {
    log.info(
      { namespaces: config.namespaces },
      'only these namespaces, with Roles only: no default by namespace label',
    );
  }

  const cluster = needsCluster(config) ? loadCluster(config) : ok(undefined);
  if (!cluster.ok) return cluster;
  const client =
    cluster.value && createClient(cluster.value, { clock: systemClock, version: PACKAGE_VERSION });
  if (client !== undefined) started.defer(() => client.close());

  const namespace = podNamespace(config) ?? APP;
  if (config.webhook !== undefined) {
    const { policy } = config;
    const webhook = await startWebhook(config.webhook, { log, metrics, policy, client, namespace });
    if (!webhook.ok) return webhook;
    checks.push(...webhook.value.checks);
    started.defer(() => webhook.value.stop());
  }

  const probes = await startProbes(config.httpAddress, { log, metrics, checks });
  if (!probes.ok) return probes;
  started.defer(() => probes.value.stop());

  if (config.controller !== undefined && client !== undefined) {
    const leaseNamespace = config.controller.lease.namespace ?? namespace;
    const { namespaces, policy } = config;
    const controller = startController(config.controller, {
      client,
      log,
      metrics,
      leaseNamespace,
      namespaces,
      policy,
    });
    started.defer(() => controller.stop());
  }

  const running = started.move();
  return ok({ stop: () => running.disposeAsync() });
}

function needsCluster({ controller, webhook }: Config): boolean {
  const needsWebhook = webhook?.namespaceDefault === true || webhook?.certificate.from === 'secret';
  return controller !== undefined || needsWebhook;
}

/** The namespace this process runs in as a pod; that of a kubeconfig's context says nothing about where it runs. */
function podNamespace({ kubeconfig }: Config): string | undefined {
  const isPod = kubeconfig === undefined && process.env['KUBERNETES_SERVICE_HOST'] !== undefined;
  const cluster = isPod ? loadCluster() : undefined;
  return cluster?.ok === true ? cluster.value.namespace : undefined;
}
