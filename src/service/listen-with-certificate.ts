import type { Logger } from 'pino';
import type { Result } from '../resources/result.ts';
import type { Webhook } from '../server/webhook.ts';

type Certified = Pick<Webhook, 'certificate' | 'useCertificate'>;

/** A webhook that listens once it has a certificate. */
interface LateListener {
  /** To be given the certificates. */
  readonly webhook: Certified;
  /** Why it does not listen; `undefined` if it does. */
  readonly missing: () => string | undefined;
  /** Resolves when it listens or never will. */
  readonly stop: () => Promise<void>;
}

/**
 * Lets a webhook that shares its port listen with the first certificate that it gets. Before that, it would take connections from
 * the process that has the port and a certificate, and every handshake would fail. After a failure the next certificate is a new
 * try: the service goes on, and is not ready.
 */
export function listenWithCertificate(
  webhook: Certified,
  listen: () => Promise<Result<number, string>>,
  log: Pick<Logger, 'error'>,
): LateListener {
  let why: string | undefined = 'no certificate yet to listen with';
  let listening: Promise<void> | undefined;
  let isStopped = false;
  const start = async (): Promise<void> => {
    const port = await listen();
    why = port.ok ? undefined : port.problem;
    if (port.ok) return;
    log.error({ problem: port.problem }, 'the webhook cannot listen: no pod gets a token from here');
    listening = undefined;
  };
  return {
    webhook: {
      certificate: webhook.certificate,
      useCertificate: (certificate) => {
        webhook.useCertificate(certificate);
        if (!isStopped) listening ??= start();
      },
    },
    missing: () => why,
    stop: async () => {
      isStopped = true;
      await listening;
    },
  };
}
