import type { CertificateRequest } from '../certificates/issue-certificate.ts';
import type { ServingPair, TlsSecretData } from '../certificates/tls-secret.ts';
import { watchCertificateStore } from '../kube/certificate-store.ts';
import type { KubeClient } from '../kube/client.ts';
import { isDenied, isNotFound, KubeError } from '../kube/errors.ts';
import { logAge } from '../server/certificate-age.ts';
import type { CertificateLoopOptions } from '../certificate-loop/certificate-loop-options.ts';
import { CertificateLoop } from '../certificate-loop/certificate-loop.ts';
import { checkCertificate } from '../server/tls.ts';
import type { Webhook } from '../server/webhook.ts';
import type { WatchReading } from '../telemetry/state-gauges.ts';
import { systemClock } from '../time/clock.ts';
import type { ObjectName } from '../resources/object-key.ts';
import { formatTime } from '../time/format-time.ts';
import { toSeconds } from '../time/units.ts';
import { classifyFailure } from '../kube/classify-failure.ts';

type OwnCertificateOptions = Pick<CertificateLoopOptions, 'namespace' | 'name' | 'log'> & {
  readonly client: KubeClient;
};

/** A certificate that is kept by what watches of the cluster say. */
export interface WatchedCertificate extends Pick<CertificateLoop, 'missing' | 'stop'> {
  readonly watches: () => readonly WatchReading[];
}

/** Keeps a certificate in a Secret that all replicas share, trusted by our webhook configurations, and serves with it. */
export function issueOwnCertificate(
  webhook: Pick<Webhook, 'certificate' | 'useCertificate'>,
  { client, namespace, name, log }: OwnCertificateOptions,
): WatchedCertificate {
  const store = watchCertificateStore({ client, clock: systemClock, log, namespace, name });
  const logOwnAge = logAge(log, 'it could not be renewed, see the previous log lines');
  const loop = new CertificateLoop({
    store,
    issue,
    namespace,
    name,
    describeProblem: (error) => describeWriteProblem(error, { namespace, name }),
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
  loop.start();
  return {
    missing: () => loop.missing(),
    watches: store.watches,
    stop: async () => {
      await loop.stop();
      await store.stop();
    },
  };
}

/** The Secret is a part of the installation: with webhook and controller apart, this process may not create it. */
function describeWriteProblem(error: unknown, { namespace, name }: ObjectName): string | undefined {
  const message = classifyFailure(error)?.message;
  if (!(error instanceof KubeError) || error.verb !== 'create') return message;
  if (isNotFound(error)) return `the namespace ${namespace} of the Secret ${name} does not exist: create it`;
  return isDenied(error)
    ? `${message}: Secret ${namespace}/${name} is gone, install jwt-injector again`
    : message;
}

/** The code that issues certificates takes memory, and most replicas never do: it is loaded when it is needed. */
async function issue(request: CertificateRequest): Promise<TlsSecretData> {
  const { issueCertificate } = await import('../certificates/issue-certificate.ts');
  return issueCertificate(request);
}
