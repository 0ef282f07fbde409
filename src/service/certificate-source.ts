import type { Logger } from 'pino';
import type { CertificateConfig } from '../config/read-webhook.ts';
import type { KubeClient } from '../kube/client.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { readCertificateFiles, type ServingCertificate } from '../server/tls.ts';
import type { Webhook } from '../server/webhook.ts';
import { followCertificate } from './follow-certificate.ts';
import { issueOwnCertificate, type WatchedCertificate } from './issue-own-certificate.ts';

interface CertificateSource {
  /** The certificate to begin with; `undefined`: it comes later. */
  readonly first: ServingCertificate | undefined;
  /** Gives the webhook each new one, until it is stopped. */
  readonly start: (webhook: Pick<Webhook, 'certificate' | 'useCertificate'>) => WatchedCertificate;
}

interface CertificateSourceDependencies {
  readonly log: Logger;
  /** Not needed for files. */
  readonly client: KubeClient | undefined;
  /** The namespace of the Secret. */
  readonly namespace: string;
}

/** Files are read at once, and the problem names the one that cannot be used; a Secret only once it is started. */
export async function openCertificateSource(
  config: CertificateConfig,
  { log, client, namespace }: CertificateSourceDependencies,
): Promise<Result<CertificateSource, string>> {
  if (config.from === 'files') {
    const read = await readCertificateFiles(config);
    if (!read.ok)
      return fail(
        `the webhook's certificate: ${read.problem}; for development certs/make-dev-certs.sh makes a pair`,
      );
    const first = read.value;
    const start: CertificateSource['start'] = (webhook) => {
      const following = followCertificate(webhook, config, first, log);
      return { missing: () => undefined, watches: () => [], stop: () => following.stop() };
    };
    return ok({ first, start });
  }
  if (client === undefined) throw new Error('a self-issued certificate needs a cluster');
  const { name } = config;
  return ok({
    first: undefined,
    start: (webhook) => issueOwnCertificate(webhook, { client, namespace, name, log }),
  });
}
