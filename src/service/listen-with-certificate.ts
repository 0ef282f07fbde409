import type { Result } from '../resources/result.ts';
import type { Webhook } from '../server/webhook.ts';
import { backoffDelay, type Backoff } from '../time/backoff.ts';
import type { Clock } from '../time/clock.ts';

type Certified = Pick<Webhook, 'certificate' | 'useCertificate'>;

/** Nobody restarts the process for a port that it does not get, so it looks often whether it is free. */
const LISTEN_TRIES: Backoff = { first: 1_000, longest: 30_000 };

/** A webhook that listens once it has a certificate. */
interface LateListener {
  /** To be given the certificates. */
  readonly webhook: Certified;
  /** Why it does not listen; `undefined` if it does. */
  readonly missing: () => string | undefined;
  /** Resolves when it listens or never will. */
  readonly stop: () => Promise<void>;
}

interface ListenerDependencies {
  /** May be called again after it failed. */
  readonly listen: () => Promise<Result<number, string>>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: { error(fields: { readonly problem: string }, message: string): void };
}

/**
 * Lets a webhook that shares its port listen with the first certificate that it gets. Before that, it would take connections from
 * the process that has the port and a certificate, and every handshake would fail. After a failure it tries again until it
 * listens: the service goes on, and is not ready.
 */
export function listenWithCertificate(
  webhook: Certified,
  { listen, clock, log }: ListenerDependencies,
): LateListener {
  let why: string | undefined = 'no certificate yet to listen with';
  let listening: Promise<void> | undefined;
  const stopping = new AbortController();
  const start = async (): Promise<void> => {
    for (let failures = 1; ; failures += 1) {
      const port = await listen();
      why = port.ok ? undefined : port.problem;
      if (port.ok) return;
      log.error(
        { problem: port.problem },
        'the webhook cannot listen yet, and tries again: no pod gets a token from here',
      );
      const wait = backoffDelay(LISTEN_TRIES, failures, Math.random);
      if (!(await clock.sleep(wait, stopping.signal))) return;
    }
  };
  return {
    webhook: {
      certificate: webhook.certificate,
      useCertificate: (certificate) => {
        webhook.useCertificate(certificate);
        if (!stopping.signal.aborted) listening ??= start();
      },
    },
    missing: () => why,
    stop: async () => {
      stopping.abort();
      await listening;
    },
  };
}
