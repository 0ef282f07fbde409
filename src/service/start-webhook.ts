import { KeyTrials } from '../admission/key-trials.ts';
import { reviewJwt } from '../admission/review-jwts.ts';
import type { WebhookConfig } from '../config.ts';
import type { KubeClient } from '../kube/client.ts';
import { startNamespaceDefaults } from '../kube/namespaces.ts';
import { systemClock } from '../time/clock.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { ReadinessCheck } from '../server/probes.ts';
import { certificateProblem, tellOfAge } from '../server/certificate-age.ts';
import { readCertificate } from '../server/tls.ts';
import { watchCertificate } from '../server/watch-certificate.ts';
import { createWebhook } from '../server/webhook.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { listenOn } from './listen.ts';

/** The admission half, once it answers. */
export interface RunningWebhook {
  readonly checks: readonly ReadinessCheck[];
  /** Answers what is under way, then closes. */
  stop(): Promise<void>;
}

/** What the admission half shares with the rest of the process. */
export interface WebhookMeans {
  readonly log: ServiceLogger;
  readonly metrics: Metrics;
  /** Needed for the namespace default only. */
  readonly client: KubeClient | undefined;
}

/** Reads the certificate, listens, and keeps looking at the certificate's files. */
export async function startWebhook(
  config: WebhookConfig,
  { log, metrics, client }: WebhookMeans,
): Promise<Result<RunningWebhook, string>> {
  const files = { certFile: config.certFile, keyFile: config.keyFile };
  const certificate = await readCertificate(files);
  if (!certificate.ok)
    return fail(`the webhook's certificate: ${certificate.problem}; certs/make-dev-certs.sh makes a pair`);

  const namespaces =
    client !== undefined && config.namespaceDefault
      ? startNamespaceDefaults({ client, clock: systemClock, log })
      : undefined;
  const trials = new KeyTrials();
  const webhook = createWebhook({
    certificate: certificate.value,
    logger: log,
    metrics,
    namespaceDefault: namespaces?.lookUp,
    validateJwt: (request) => reviewJwt(request, trials),
  });
  const port = await listenOn('--webhook-address', config.address, (address) => webhook.listen(address));
  if (!port.ok) {
    await namespaces?.stop();
    return port;
  }
  log.info({ port: port.value }, 'listening: webhook');

  const stopping = new AbortController();
  const tell = tellOfAge(log);
  const watching = watchCertificate({
    files,
    current: certificate.value,
    signal: stopping.signal,
    clock: systemClock,
    onLook: (inUse) => tell(inUse, systemClock.now()),
    onProblem: (problem) => log.error({ problem }, 'the new certificate cannot be used, the old one stays'),
    onChange: (changed) => {
      const used = webhook.useCertificate(changed);
      if (used.ok)
        log.info({ expiresAt: new Date(changed.expiresAt).toISOString() }, 'new certificate in use');
      else log.error({ problem: used.problem }, 'the new certificate cannot be used, the old one stays');
    },
  });
  return ok({
    checks: [
      {
        name: 'webhook',
        missing: () =>
          stopping.signal.aborted ? 'stopping' : webhook.isListening() ? undefined : 'not listening',
      },
      { name: 'certificate', missing: () => certificateProblem(webhook.certificate(), systemClock.now()) },
      ...(namespaces === undefined
        ? []
        : [{ name: 'namespaces', missing: () => (namespaces.isSynced() ? undefined : 'not listed yet') }]),
    ],
    stop: async () => {
      stopping.abort();
      // In a pod the Service's endpoints need seconds to learn of it; elsewhere nobody is told, so nobody is waited for.
      await webhook.close(process.env['KUBERNETES_SERVICE_HOST'] === undefined ? 0 : undefined);
      await namespaces?.stop();
      await watching;
    },
  });
}
