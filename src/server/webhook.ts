import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { ok, type Result } from '../resources/result.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createWebhookApp } from './app.ts';
import type { ConnectionLimits } from './connections.ts';
import type { NamespaceDefaultLookup } from './namespace-default.ts';
import { jwtRoute, podRoute, workloadRoute } from './review-routes.ts';
import {
  checkCertificate,
  secureContextOptions,
  type CertificatePair,
  type ServingCertificate,
} from './tls.ts';

/**
 * How long a draining server still takes connections: Kubernetes needs some seconds to take it out of the Service, and
 * every client in use needs one answer that ends its connection.
 */
const DRAIN_MS = 5_000;
/** After this, what is still open carries no request: a handshake without one, or a body that does not come. */
const CLOSE_LIMIT_MS = 5_000;
const SWEEP_MS = 50;

/** What the webhook serves with, and where it asks. */
export interface WebhookOptions {
  readonly certificate: CertificatePair;
  readonly logger: ServiceLogger;
  readonly metrics: Pick<Metrics, 'admissions' | 'certificateExpiration'>;
  /** `undefined` where no namespace default is in use. */
  readonly namespaceDefault: NamespaceDefaultLookup | undefined;
  /** For tests that cannot wait. */
  readonly limits?: Partial<ConnectionLimits>;
  /** The answer of `/validate/jwts`, a path that exists only with it. */
  readonly validateJwt?: (request: AdmissionRequest) => AdmissionAnswer | Promise<AdmissionAnswer>;
}

/** The webhook from its first connection to its last. */
export interface Webhook {
  /** Resolves when connections are accepted. Port 0 takes a free one. */
  readonly listen: (address: { host?: string | undefined; port: number }) => Promise<AddressInfo>;
  readonly isListening: () => boolean;
  readonly certificate: () => ServingCertificate;
  /** New connections get the new pair, open ones go on. On a problem the old pair stays. */
  readonly useCertificate: (pair: CertificatePair) => Result<undefined, string>;
  /** From now on every answer ends its connection, so that clients go elsewhere. New connections are still taken. */
  readonly drain: () => void;
  /**
   * Drains for `drainMs` (0 when no cluster sends requests), counted from the first `drain`, then stops listening, lets
   * running requests end, and resolves within seconds. No request is dropped.
   */
  readonly close: (drainMs?: number) => Promise<void>;
}

/** The HTTPS webhook with its certificate and its end. Throws when the certificate cannot be used. */
export function createWebhook(options: WebhookOptions): Webhook {
  const { logger, metrics, namespaceDefault, validateJwt } = options;
  const first = checkCertificate(options.certificate);
  if (!first.ok) throw new Error(first.problem);
  let inUse = first.value;
  let drainingSince: number | undefined;
  const drain = (): void => {
    drainingSince ??= performance.now();
  };
  const { app, connections } = createWebhookApp({
    certificate: () => inUse,
    logger,
    metrics,
    limits: options.limits ?? {},
    isDraining: () => drainingSince !== undefined,
    routes: {
      '/mutate/pods': podRoute(namespaceDefault),
      '/mutate/workloads': workloadRoute(namespaceDefault),
      ...(validateJwt === undefined ? {} : { '/validate/jwts': jwtRoute(validateJwt) }),
    },
  });
  metrics.certificateExpiration.set(inUse.expiresAt / 1000);
  return {
    listen: async ({ host, port }) => {
      await app.listen({ port, ...(host === undefined ? { host: '::' } : { host }) });
      return addressOf(app.server.address());
    },
    isListening: () => app.server.listening,
    certificate: () => inUse,
    useCertificate: (pair) => {
      const checked = checkCertificate(pair);
      if (!checked.ok) return checked;
      app.server.setSecureContext(secureContextOptions(pair));
      inUse = checked.value;
      metrics.certificateExpiration.set(inUse.expiresAt / 1000);
      return ok(undefined);
    },
    drain,
    close: async (drainMs = DRAIN_MS) => {
      drain();
      const waited = performance.now() - (drainingSince ?? 0);
      await sleep(Math.max(drainMs - waited, 0));
      // Node closes the idle connections once; one that is busy at that moment would stay until its client leaves.
      const sweep = setInterval(() => connections.endIdle(), SWEEP_MS);
      const limit = setTimeout(() => connections.endAll(), CLOSE_LIMIT_MS);
      try {
        await app.close();
      } finally {
        clearInterval(sweep);
        clearTimeout(limit);
      }
    },
  };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the webhook has no TCP address');
  return address;
}
