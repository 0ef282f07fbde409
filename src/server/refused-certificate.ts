import type { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { formatTime } from '../time/format-time.ts';
import { toSeconds } from '../time/units.ts';
import { ageOfCertificate, type CertificateDates } from './certificate-age.ts';

/** The alerts (RFC 8446 §6.2) by which a client says that it does not trust the certificate it was shown. */
const REFUSALS = /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)$/;
const EXPIRED = /ALERT_CERTIFICATE_EXPIRED$/;
/** Anybody who reaches the port can send an alert. */
const QUIET_MS = 60_000;

/**
 * Logs, at most once a minute, that clients refuse our certificate: the API server only says "failed calling webhook" to the
 * user, and nothing at all to us. Go's clients send the same alert for all reasons, so our certificate is checked.
 */
export function warnOfRefusedCertificate(
  server: EventEmitter,
  logger: Logger,
  inUse: () => CertificateDates | undefined,
): void {
  let quietUntil = 0;
  server.on('tlsClientError', (error: unknown) => {
    const alert = error instanceof Error && 'code' in error ? String(error.code) : '';
    const certificate = inUse();
    if (certificate === undefined || !REFUSALS.test(alert) || performance.now() < quietUntil) return;
    quietUntil = performance.now() + QUIET_MS;
    const expiresAt = formatTime(toSeconds(certificate.expiresAt));
    logger.warn(
      { alert, expiresAt },
      `a client refuses our certificate: ${likelyReason(alert, certificate)}`,
    );
  });
}

function likelyReason(alert: string, certificate: CertificateDates): string {
  const age = ageOfCertificate(certificate, Date.now());
  const { firstToExpire } = certificate;
  if (age === 'expired')
    return `${firstToExpire === undefined ? 'it' : `its intermediate ${firstToExpire}`} has expired`;
  if (age === 'early' || EXPIRED.test(alert))
    return 'it is valid at another time than the client’s: compare the clocks';
  return 'the caBundle of the webhook configurations must hold its CA';
}
