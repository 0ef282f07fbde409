import type { Logger } from 'pino';
import { logAge } from '../server/certificate-age.ts';
import type { CertificateFiles, ServingCertificate } from '../server/tls.ts';
import { watchCertificate } from '../server/watch-certificate.ts';
import type { Webhook } from '../server/webhook.ts';
import { systemClock } from '../time/clock.ts';
import { formatTime } from '../time/format-time.ts';
import { toSeconds } from '../time/units.ts';

/**
 * Gives the webhook each new pair that is in the files and logs it. Also logs the age of the pair in use, which is
 * `current` at the beginning.
 */
export function followCertificate(
  webhook: Pick<Webhook, 'useCertificate'>,
  files: CertificateFiles,
  current: ServingCertificate,
  log: Logger,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const logOwnAge = logAge(log, 'put a new pair into its files');
  const watching = watchCertificate({
    files,
    current,
    clock: systemClock,
    signal: stopping.signal,
    onLook: (inUse) => logOwnAge(inUse, systemClock.now()),
    onProblem: (problem) => log.error({ problem }, 'the new certificate cannot be used, the old one stays'),
    onChange: (changed) => {
      webhook.useCertificate(changed);
      log.info({ expiresAt: formatTime(toSeconds(changed.expiresAt)) }, 'new certificate in use');
    },
  });
  return {
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
}
