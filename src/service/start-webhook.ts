import { reviewJwt } from '../admission/review-jwts.ts';
import type { WebhookConfig } from '../config/read-webhook.ts';
import type { KubeClient } from '../kube/client.ts';
import { startNamespaceDefaults } from '../kube/namespaces.ts';
import { ok, type Result } from '../resources/result.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import { certificateProblem } from '../server/certificate-age.ts';
import { KeyTrials } from '../server/key-trials.ts';
import type { ReadinessCheck } from '../server/probes.ts';
import { createWebhook } from '../server/webhook.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { systemClock } from '../time/clock.ts';
import { endAll } from './end-all.ts';
import { listenWithCertificate } from './listen-with-certificate.ts';
import { openCertificateSource } from './certificate-source.ts';
import { listenOn, tryPort } from '../server/listen.ts';
import { sortAddresses } from '../server/own-addresses.ts';

/** The admission half, once it answers. */
export interface RunningWebhook {
  readonly checks: readonly ReadinessCheck[];
  /** Reports not ready, and ends each connection with its answer; closes when Kubernetes had time to lead clients elsewhere. */
  stop(): Promise<void>;
}

interface WebhookDependencies {
  readonly log: ServiceLogger;
  readonly metrics: Metrics;
  readonly policy: SigningPolicy;
  /** Needed for the namespace default and for a certificate of its own. */
  readonly client: KubeClient | undefined;
  /** The one that jwt-injector is in: that of the Secret of such a certificate, and nothing is injected there. */
  readonly namespace: string;
  /** Then a Service leads to the webhook, and its endpoints need seconds to change. */
  readonly isInPod: boolean;
}

/**
 * Watches the namespaces' defaults and listens. The certificate is read from its files before that, and checked again regularly;
 * one of its own comes later, when the cluster has answered: `/readyz` waits for it, and a shared port is listened on with it.
 */
export async function startWebhook(
  config: WebhookConfig,
  { log, metrics, policy, client, namespace, isInPod }: WebhookDependencies,
): Promise<Result<RunningWebhook, string>> {
  await using started = new AsyncDisposableStack();
  const source = await openCertificateSource(config.certificate, { log, client, namespace });
  if (!source.ok) return source;

  const namespaces =
    client !== undefined && config.usesNamespaceDefault
      ? startNamespaceDefaults({ client, clock: systemClock, log })
      : undefined;
  if (namespaces !== undefined) started.defer(() => namespaces.stop());

  const trials = new KeyTrials();
  const settings = { policy, ownNamespace: namespace };
  const webhook = createWebhook({
    certificate: source.value.first,
    logger: log,
    metrics,
    lookUpDefault: namespaces?.lookUp,
    ownNamespace: namespace,
    validateJwt: (request, patience) =>
      reviewJwt(request, { ...settings, takeTurn: (trial) => trials.run(trial, patience.gone()) }),
  });
  const where = { ...config.address, ips: await findAddresses(config, log) };
  const isShared = config.sharesPort;
  const listen = async (): Promise<Result<number, string>> => {
    const port = await listenOn('--webhook-address', where, (place) =>
      webhook.listen({ ...place, isShared }),
    );
    if (port.ok) log.info({ port: port.value }, 'listening: webhook');
    return port;
  };
  const isLate = isShared && source.value.first === undefined;
  // A port that is taken is a problem at the start, whenever it is listened on.
  const port = isLate ? await listenOn('--webhook-address', where, tryPort) : await listen();
  if (!port.ok) return port;
  const late = isLate ? listenWithCertificate(webhook, { listen, clock: systemClock, log }) : undefined;

  const certificate = source.value.start(late?.webhook ?? webhook);
  metrics.gauges.readWatches(() => [
    ...certificate.watches(),
    ...(namespaces === undefined ? [] : [{ resource: 'namespaces', lastEventAt: namespaces.lastEventAt() }]),
  ]);
  let isStopping = false;
  const missing = (): string | undefined =>
    late?.missing() ?? (webhook.isListening() ? undefined : 'not listening');
  const checks: ReadinessCheck[] = [
    { name: 'webhook', missing: () => (isStopping ? 'stopping' : missing()) },
    {
      name: 'certificate',
      // An intermediate that has expired is logged and in a metric: a client can know another way to the authority.
      missing: () =>
        certificate.missing() ?? certificateProblem(webhook.certificate()?.leaf, systemClock.now()),
    },
  ];
  if (namespaces !== undefined)
    checks.push({
      name: 'namespaces',
      missing: () => (namespaces.isSynced() ? undefined : 'not listed yet'),
    });

  const watching = started.move();
  return ok({
    checks,
    stop: async () => {
      isStopping = true;
      try {
        await late?.stop();
        await endAll([webhook.close(isInPod ? undefined : 0), certificate.stop()]);
      } finally {
        await watching.disposeAsync(); // the reviews until then need it
      }
    },
  });
}

/** The addresses of `--webhook-ips` that this machine has; an empty list stands for every address. */
async function findAddresses({ ips }: WebhookConfig, log: ServiceLogger): Promise<readonly string[]> {
  const { own, foreign } = await sortAddresses(ips ?? []);
  if (foreign.length > 0) {
    const instead = own.length > 0 ? 'listening at the others' : 'listening at every address instead';
    log.warn(
      { addresses: foreign },
      `--webhook-ips has addresses that this machine does not have: ${instead}`,
    );
  }
  return own;
}
