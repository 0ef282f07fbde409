import type { Config } from '../config.ts';
import { systemClock } from '../time/clock.ts';
import { createClient } from '../kube/client.ts';
import { loadCluster, type Cluster } from '../kube/cluster.ts';
import { APP } from '../resources/names.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { createProbesApp, type ReadinessCheck } from '../server/probes.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { startController, type RunningController } from './start-controller.ts';
import { listenOn } from './listen.ts';
import { startWebhook } from './start-webhook.ts';
import { readingOf } from './token-reading.ts';
import { VERSION } from '../version.ts';

/** The service once it answers. */
export interface Service {
  /** Ends everything that was started: no admission request is dropped, no write is cut off. */
  stop(): Promise<void>;
}

/** Starts what the configuration asks for; the problem is one sentence about what lies outside: files, ports, cluster. */
export async function startService(config: Config, log: ServiceLogger): Promise<Result<Service, string>> {
  const needsCluster = config.controller !== undefined || config.webhook?.namespaceDefault === true;
  const cluster = needsCluster ? loadCluster(config) : ok(undefined);
  if (!cluster.ok) return cluster;
  const client =
    cluster.value === undefined
      ? undefined
      : createClient(cluster.value, { clock: systemClock, version: VERSION });

  let controller: RunningController | undefined;
  const metrics = createMetrics({
    jwts: { all: () => controller?.jwts() ?? [], read: (jwt) => readingOf(jwt, systemClock.now()) },
    queueDepth: () => controller?.queueDepth() ?? 0,
    watches: () => controller?.watches() ?? [],
  });
  const checks: ReadinessCheck[] = [];
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.toReversed()) await each();
  };
  const giveUp = async (problem: string) => {
    await stop();
    return fail(problem);
  };

  if (client !== undefined) stops.push(() => client.close());
  if (config.namespaces !== undefined) {
    log.info(
      { namespaces: config.namespaces },
      'only these namespaces, with Roles alone: no default by namespace label',
    );
  }
  if (config.webhook !== undefined) {
    const webhook = await startWebhook(config.webhook, { log, metrics, client });
    if (!webhook.ok) return giveUp(webhook.problem);
    checks.push(...webhook.value.checks);
    stops.push(() => webhook.value.stop());
  }
  const probes = createProbesApp({ checks, metrics });
  const listening = await listenOn('--http-address', config.httpAddress, (address) =>
    probes.listen(address).then(() => probes.server.address()),
  );
  if (!listening.ok) return giveUp(listening.problem);
  stops.push(() => probes.close());
  log.info({ port: listening.value }, 'listening: probes and metrics');

  if (config.controller !== undefined && client !== undefined) {
    const leaseNamespace = config.controller.lease.namespace ?? podNamespace(config, cluster.value) ?? APP;
    controller = startController(config.controller, {
      log,
      metrics,
      client,
      leaseNamespace,
      namespaces: config.namespaces,
    });
    const running = controller;
    stops.push(() => running.stop());
  }
  return ok({ stop });
}

/** The namespace this process runs in as a pod; that of a kubeconfig's context says nothing about where it runs. */
function podNamespace({ kubeconfig }: Config, cluster: Cluster | undefined): string | undefined {
  const isPod = kubeconfig === undefined && process.env['KUBERNETES_SERVICE_HOST'] !== undefined;
  return isPod ? cluster?.namespace : undefined;
}
