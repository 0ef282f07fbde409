import type { EventEmitter } from 'node:events';
import type { Logger } from 'pino';

/** The alerts (RFC 8446 §6.2) by which a client says that it does not trust the certificate it was shown. */
const REFUSALS = /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)$/;
/** Anybody who reaches the port can send an alert. */
const QUIET_MS = 60_000;

/**
 * Tells, at most once a minute, that clients refuse our certificate: the API server only says "failed calling webhook"
 * to the user, and nothing at all to us.
 */
export function warnOfRefusedCertificate(server: EventEmitter, logger: Logger): void {
  let quietUntil = 0;
  server.on('tlsClientError', (error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!REFUSALS.test(code) || performance.now() < quietUntil) return;
    quietUntil = performance.now() + QUIET_MS;
    logger.warn(
      { alert: code },
      'a client refuses our certificate: the caBundle of the webhook configurations must hold its CA',
    );
  });
}
