import type { Logger } from 'pino';
import type { CertificateRequest } from '../certificates/issue-certificate.ts';
import type { ServingPair, TlsSecretData } from '../certificates/tls-secret.ts';
import { watchCertificateStore } from '../kube/certificate-store.ts';
import type { KubeClient } from '../kube/client.ts';
import { isDenied, KubeError } from '../kube/errors.ts';
import { logAge } from '../server/certificate-age.ts';
import { keepCertificate, type KeptCertificate } from '../server/keep-certificate.ts';
import { checkCertificate } from '../server/tls.ts';
import type { Webhook } from '../server/webhook.ts';
import type { WatchReading } from '../telemetry/state-gauges.ts';
import { systemClock } from '../time/clock.ts';
import { formatTime } from '../time/format-time.ts';
import { toSeconds } from '../time/units.ts';
import { explainFailure } from '../kube/explain-failure.ts';

/** Where the Secret is, and what is needed to keep it. */
export interface OwnCertificateDependencies {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  readonly log: Logger;
}

/** A certificate that is kept by what watches of the cluster say. */
export interface WatchedCertificate extends KeptCertificate {
  readonly watches: () => readonly WatchReading[];
}

/** Keeps a certificate in a Secret that all replicas share, trusted by our webhook configurations, and serves with it. */
export function issueOwnCertificate(
  webhook: Pick<Webhook, 'certificate' | 'useCertificate'>,
  { client, namespace, name, log }: OwnCertificateDependencies,
): WatchedCertificate {
  const store = watchCertificateStore({ client, clock: systemClock, log, namespace, name });
  const logOwnAge = logAge(log, 'it could not be renewed, see the previous log lines');
  const kept = keepCertificate({
    store,
    issue,
    namespace,
    name,
    explain: (error) => explainWrite(error, `${namespace}/${name}`),
    clock: systemClock,
    log,
    onLook: () => {
      const inUse = webhook.certificate();
      return inUse === undefined ? Number.POSITIVE_INFINITY : logOwnAge(inUse, systemClock.now());
    },
    serve: (pair: ServingPair) => {
      const checked = checkCertificate(pair);
      if (!checked.ok) return checked.problem;
      webhook.useCertificate(checked.value);
      log.info({ expiresAt: formatTime(toSeconds(checked.value.expiresAt)) }, 'new certificate in use');
      return undefined;
    },
  });
  return {
    missing: kept.missing,
    watches: store.watches,
    stop: async () => {
      await kept.stop();
      await store.stop();
    },
  };
}

/** The Secret is a part of the installation: with webhook and controller apart, this process may not create it. */
function explainWrite(error: unknown, secret: string): string | undefined {
  const message = explainFailure(error)?.message;
  const isCreation = error instanceof KubeError && error.verb === 'create' && isDenied(error);
  return isCreation ? `${message}: Secret ${secret} is gone, install jwt-injector again` : message;
}

/** What issues certificates takes memory, and most replicas never do: it is loaded when it is needed. */
async function issue(request: CertificateRequest): Promise<TlsSecretData> {
  const { issueCertificate } = await import('../certificates/issue-certificate.ts');
  return issueCertificate(request);
}
